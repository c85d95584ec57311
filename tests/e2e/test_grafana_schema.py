"""The dashboards compile against Grafana's own types (npm `@grafana/schema`).

It proves that every key, word and type in the files is one that Grafana's front end declares; not
that a panel looks well.
"""

import json
import shutil
import subprocess
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.processes import find_program

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

TYPES = Path(__file__).parent / "grafana_schema"
FILES = sorted((Path(__file__).parents[2] / "dashboards").glob("*.json"))
Json = Any


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the types and the compiler, as the lock's hashes demand."""
    folder = tmp_path_factory.mktemp("grafana-schema")
    for file in TYPES.iterdir():
        shutil.copy(file, folder)
    install = [str(find_program("npm")), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    subprocess.run(install, cwd=folder, check=True, capture_output=True, timeout=120)
    return folder


def faults(folder: Path, boards: list[Json]) -> str:
    """What the compiler has against them; empty where it has nothing."""
    literals = "\n".join(
        f"export const board{number}: Board = {json.dumps(board, indent=1)};"
        for number, board in enumerate(boards)
    )
    (folder / "boards.ts").write_text(f"import type {{ Board }} from './board';\n{literals}\n")
    compiler = folder / "node_modules" / "typescript" / "bin" / "tsc"
    done = subprocess.run(
        [str(find_program("node")), compiler, "--pretty", "false"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert bool(done.stdout) == bool(done.returncode), done.stderr
    return done.stdout


def test_every_dashboard_is_what_grafanas_types_allow(workshop: Path) -> None:
    assert len(FILES) == 6
    assert faults(workshop, [json.loads(file.read_text("utf-8")) for file in FILES]) == ""


def _misspell_option(board: Json) -> None:
    panel = next(each for each in board["panels"] if each["type"] == "stat")
    panel["options"]["colourMode"] = panel["options"].pop("colorMode")


def _invent_word(board: Json) -> None:
    panel = next(each for each in board["panels"] if each["type"] == "timeseries")
    panel["options"]["legend"]["placement"] = "below"


def _misplace_custom(board: Json) -> None:
    panel = next(each for each in board["panels"] if each["type"] == "timeseries")
    panel["fieldConfig"]["defaults"]["custom"]["stacking"]["mode"] = "piled"


def _forget_data_source(board: Json) -> None:
    panel = next(each for each in board["panels"] if each["type"] != "row")
    del panel["targets"][0]["datasource"]


def _misspell_variable(board: Json) -> None:
    board["templating"]["list"][0]["includeall"] = True


@pytest.mark.parametrize(
    "spoil",
    [_misspell_option, _invent_word, _misplace_custom, _forget_data_source, _misspell_variable],
    ids=lambda each: each.__name__.strip("_"),
)
def test_what_grafana_would_not_understand_does_not_compile(
    workshop: Path, spoil: Callable[[Json], None]
) -> None:
    board = deepcopy(json.loads((FILES[0].parent / "overview.json").read_text("utf-8")))
    spoil(board)
    assert "error TS" in faults(workshop, [board])
