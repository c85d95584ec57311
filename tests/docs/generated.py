"""Pages that are written from code. `python -m tests.docs.generated` writes them anew."""

import json
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from monitor.app import load_plugins
from monitor.config.reference import reference_page
from monitor.config.schema import landscape_schema
from monitor.indicators.reference import indicator_reference
from monitor.store.view_reference import view_reference
from tests.docs.command_line import command_line_reference
from tests.docs.rules import documented, rule_index, rule_page
from tests.vendors.reference import PAGE, PROVEN, connector_page, proven_file

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs" / "reference"
RULE_PAGES = ROOT / "docs" / "rules"


def landscape_reference() -> str:
    return reference_page(load_plugins())


def schema_for_editors() -> str:
    return json.dumps(landscape_schema(load_plugins()), indent=2, ensure_ascii=False) + "\n"


PAGES: Mapping[Path, Callable[[], str]] = {
    RULE_PAGES / "README.md": rule_index,
    **{RULE_PAGES / f"{rule.check}.md": partial(rule_page, rule) for rule in documented()},
    REFERENCE / "command-line.md": command_line_reference,
    REFERENCE / "indicators.md": indicator_reference,
    REFERENCE / "landscape.md": landscape_reference,
    REFERENCE / "landscape.schema.json": schema_for_editors,
    REFERENCE / "sql-views.md": view_reference,
    PROVEN: proven_file,
    PAGE: connector_page,
}

if __name__ == "__main__":
    RULE_PAGES.mkdir(exist_ok=True)
    for page, write in PAGES.items():
        page.write_text(write(), encoding="utf-8")
