"""Every example on the page of a rule is one that a landscape can hold."""

from pathlib import Path

import pytest

from monitor.app import read_landscape
from monitor.config.landscape import Landscape
from tests.docs.firm import landscape_with
from tests.docs.rules import Documented, documented

RULES = documented()


def settings_of(rule: Documented, landscape: Landscape) -> dict[str, object]:
    place = landscape if rule.section == "watches" else landscape.flows["sales-to-cash"]
    settings: dict[str, object] = getattr(place, rule.section)
    return settings


@pytest.mark.usefixtures("our_checks")
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.check)
def test_the_example_on_a_page_is_accepted(rule: Documented, tmp_path: Path) -> None:
    path = tmp_path / "landscape.yaml"
    path.write_text(landscape_with(rule.section, rule.example), encoding="utf-8")
    settings = settings_of(rule, read_landscape(path, {}))
    assert settings
    checks = {getattr(each, "check", rule.check) for each in settings.values()}
    assert checks == {rule.check}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.check)
def test_a_rule_tells_more_of_itself_than_its_title(rule: Documented) -> None:
    title, text = rule.paragraphs()
    assert title.endswith(".")
    assert len(text.split()) > 20
