"""Pages that are written from code. `python -m tests.docs.generated` writes them anew."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from monitor.app import load_plugins
from monitor.config.reference import reference_page
from monitor.config.schema import landscape_schema
from tests.docs.command_line import command_line_reference

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs" / "reference"


def landscape_reference() -> str:
    return reference_page(load_plugins())


def schema_for_editors() -> str:
    return json.dumps(landscape_schema(load_plugins()), indent=2, ensure_ascii=False) + "\n"


PAGES: Mapping[Path, Callable[[], str]] = {
    REFERENCE / "command-line.md": command_line_reference,
    REFERENCE / "landscape.md": landscape_reference,
    REFERENCE / "landscape.schema.json": schema_for_editors,
}

if __name__ == "__main__":
    for page, write in PAGES.items():
        page.write_text(write(), encoding="utf-8")
