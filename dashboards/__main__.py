"""Write dashboards and rules: `python -m dashboards FOLDER --grafana URL --runbooks URL …`.

Without a folder the committed files are written anew.
"""

import argparse
from pathlib import Path

from dashboards.addresses import Addresses
from dashboards.files import render_kit


def main() -> None:
    """Write every file of the kit."""
    given = Addresses()
    parser = argparse.ArgumentParser(prog="python -m dashboards", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=Path(__file__).parent)
    parser.add_argument("--grafana", default=given.grafana, help="address of Grafana")
    parser.add_argument("--runbooks", default=given.runbooks, help="address of docs/runbooks")
    parser.add_argument("--page", default=given.page, help="address of tieout's page")
    chosen = parser.parse_args()
    addresses = Addresses(chosen.grafana, chosen.runbooks, chosen.page)
    for name, content in render_kit(addresses).items():
        file = chosen.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, encoding="utf-8")


if __name__ == "__main__":
    main()
