"""Take the documentation's pictures of every page: `python -m tests.e2e.page_pictures [FOLDER]`.

They show the simulated firm in trouble as an auditor sees it, in light and in dark.
"""

import sys
from pathlib import Path

from playwright.sync_api import ViewportSize

from tests.e2e.desk_scene import Desk, open_desk
from tests.e2e.processes import scratch_folder
from tests.e2e.test_desk import LOG, addresses

PICTURES = Path(__file__).parents[2] / "docs" / "images" / "page"
SIZE: ViewportSize = {"width": 1000, "height": 640}
ACTING = {"breaks": "olga", "incident": "olga", "plan": "ann", "plans": "ann"}
"""Pages that are shown as those see them who act on them; all others as the auditor does."""


def take(desk: Desk, folder: Path) -> None:
    """One picture a page and scheme."""
    for scheme in ("light", "dark"):
        for name, address in {**addresses(desk), **LOG}.items():
            with desk.logged_in(ACTING.get(name, "audrey"), scheme=scheme) as page:
                page.set_viewport_size(SIZE)
                page.goto(address)
                page.screenshot(path=folder / f"{name}-{scheme}.png")


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else PICTURES
    target.mkdir(parents=True, exist_ok=True)
    with scratch_folder() as scratch, open_desk(scratch) as opened:
        take(opened, target)
