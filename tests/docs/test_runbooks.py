"""Each alert has its runbook and each runbook its alert; what they tell people to type exists."""

import re
import shlex

import pytest
from typer.main import get_command

from dashboards.rules.table import ALERTS
from monitor.cli.main import assemble
from monitor.core.breaks import BreakKind
from tests.docs.pages import DOCS

RUNBOOKS = DOCS / "runbooks"
PAGES = sorted(RUNBOOKS.glob("*"))
SECTIONS = ["Meaning", "Impact", "Diagnosis", "Repair"]


def test_every_alert_has_its_runbook_and_every_runbook_its_alert() -> None:
    assert [page.name for page in PAGES] == sorted(f"{alert.name}.md" for alert in ALERTS)


@pytest.mark.parametrize("name", [page.stem for page in PAGES])
def test_a_runbook_says_what_it_means_what_it_costs_how_to_look_and_what_to_do(name: str) -> None:
    text = (RUNBOOKS / f"{name}.md").read_text("utf-8")
    assert text.startswith(f"# {name}\n")
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == SECTIONS
    parts = re.split(r"^## .*$", text, flags=re.MULTILINE)[1:]
    assert all(part.strip() for part in parts)


def test_every_command_that_a_runbook_names_exists_with_its_options() -> None:
    commands = get_command(assemble()).commands  # type: ignore[attr-defined] # a group's
    for page in PAGES:
        text = page.read_text("utf-8")
        typed = re.findall(r"^\$ tieout (.*)$", text, re.MULTILINE)
        for line in [*typed, *re.findall(r"`tieout ([^`]*)`", text)]:
            name, *words = shlex.split(line)
            options = {option for each in commands[name].params for option in each.opts}
            assert {word for word in words if word.startswith("-")} <= options, (page.name, line)
            if "--kind" in words:
                BreakKind(words[words.index("--kind") + 1])
