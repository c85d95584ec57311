"""Draw every dashboard with Grafana's own components: `python -m tests.e2e.pictures [FOLDER]`.

What they show is what a real Prometheus answered that watched the simulated firm in trouble for
some minutes. Grafana itself is not run: the frame of the page is ours, and so are state timelines.
Without a folder the pictures in the documentation are drawn anew. It takes about five minutes.
"""

import json
import shutil
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dashboards.addresses import Addresses
from dashboards.grafana import to_grafana
from dashboards.pages import DASHBOARDS
from dashboards.panels import Dashboard
from dashboards.queries import chosen_everywhere
from tests.e2e.monitored_firm import Monitored, befall, monitored_firm
from tests.e2e.processes import find_program, run, scratch_folder

DRAWN_WITH = Path(__file__).parent / "grafana_panels"
PICTURES = Path(__file__).parents[2] / "docs" / "images" / "dashboards"
SHOWN = 180
"""Seconds that the pictures show."""
STEP = 2
WIDTH, HEAD = 1200, 100
ROW, GAP = 30, 8
"""Of Grafana's grid, in pixels."""

Answers = Mapping[str, Any]


def ask_for(board: Dashboard, document: Any, watched: Monitored, until: int) -> Answers:
    """What Prometheus answers to each panel, by the panel's number."""
    drawn = [panel for panel in document["panels"] if panel["type"] != "row"]
    return {
        f"{panel['id']}": [
            {
                "legend": target["legendFormat"],
                "series": watched.monitoring.query_range(
                    chosen_everywhere(target["expr"], board.choices), until, SHOWN, STEP
                ),
            }
            for target in panel["targets"]
        ]
        for panel in drawn
    }


def install(folder: Path) -> None:
    """Grafana's components and what puts them into one file, as the lock's hashes demand."""
    for file in DRAWN_WITH.iterdir():
        shutil.copy(file, folder)
    run([find_program("npm"), "ci", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=folder)
    loaders = [f"--loader:.{form}=dataurl" for form in ("svg", "ttf", "png", "woff", "woff2")]
    bundle = ["draw.jsx", "--bundle", "--minify", "--outfile=draw.js", *loaders]
    run([folder / "node_modules/.bin/esbuild", *bundle], cwd=folder)


def draw(document: Any, answers: Answers, until: int, folder: Path, picture: Path) -> None:
    """One dashboard, by a browser without a screen."""
    shown = {
        "board": document,
        "answers": answers,
        "from": (until - SHOWN) * 1000,
        "to": until * 1000,
        "step": STEP * 1000,
        "width": WIDTH,
    }
    data = json.dumps(shown).replace("<", "\\u003c")
    page = folder / f"{document['uid']}.html"
    page.write_text(
        '<!doctype html><meta charset="utf-8"><link rel="stylesheet" href="draw.css">'
        f'<div id="board"></div><script>window.DASHBOARD = {data}</script>'
        '<script src="draw.js"></script>',
        encoding="utf-8",
    )
    lowest = max(each["gridPos"]["y"] + each["gridPos"]["h"] for each in document["panels"])
    run(
        [
            find_program("chromium"),
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--hide-scrollbars",
            "--virtual-time-budget=5000",
            f"--user-data-dir={folder / 'browser'}",
            f"--window-size={WIDTH},{lowest * (ROW + GAP) + HEAD}",
            f"--screenshot={picture}",
            page.as_uri(),
        ],
        seconds=60,
    )
    run([find_program("node"), "shrink.mjs", picture], cwd=folder)


def main() -> None:
    """Watch the firm, then draw."""
    target = Path(sys.argv[1]) if sys.argv[1:] else PICTURES
    target.mkdir(parents=True, exist_ok=True)
    documents = [(board, to_grafana(board, Addresses().page)) for board in DASHBOARDS]
    with scratch_folder() as folder:
        install(folder)
        with monitored_firm(seed=8, deals=80) as watched:
            began = time.monotonic()
            befall(watched)
            time.sleep(max(0.0, SHOWN - (time.monotonic() - began)))
            until = int(time.time())
            answered = [ask_for(*each, watched, until) for each in documents]
        for (board, document), answers in zip(documents, answered, strict=True):
            draw(document, answers, until, folder, target / f"{board.uid}.png")


if __name__ == "__main__":
    main()
