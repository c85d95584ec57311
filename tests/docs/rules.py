"""A page for each rule and each watch, from what its module says of itself."""

import inspect
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from textwrap import indent
from types import ModuleType

from monitor.config.reference import settings_tables
from monitor.core.flows import HandOffSettings, RuleSettings
from reconcilers import RULES, hand_off
from reconcilers.watches import WATCHES

_INDEX = """\
# Rules

What tieout can check. Hand-offs and rules look at the records of one transaction at a time, watches
at whole sources. Each page is written from the code of its rule.
"""
_PLACES: Mapping[str, str] = {
    "hand_offs": "Stands under `hand_offs` of a flow.",
    "rules": "Stands under `rules` of a flow, as `check: {}`.",
    "watches": "Stands under `watches` of the landscape, as `check: {}`.",
}


@dataclass(frozen=True)
class Documented:
    """A rule or a watch, where it is set, and the module that tells of it."""

    check: str
    section: str
    settings: type[RuleSettings]
    module: ModuleType

    @property
    def title(self) -> str:
        return self.paragraphs()[0]

    @property
    def example(self) -> str:
        """YAML as it stands under the section's key."""
        text: str = self.module.EXAMPLE
        return text.strip("\n") + "\n"

    def paragraphs(self) -> list[str]:
        return (inspect.getdoc(self.module) or "").split("\n\n", 1)


def documented() -> list[Documented]:
    """Hand-offs first, then rules and watches by name."""
    rows = [Documented("hand_off", "hand_offs", HandOffSettings, hand_off)]
    rules: dict[str, type[RuleSettings]] = {check: row.settings for check, row in RULES.items()}
    watches: dict[str, type[RuleSettings]] = {check: row.settings for check, row in WATCHES.items()}
    for section, table in (("rules", rules), ("watches", watches)):
        for check, settings in sorted(table.items()):
            module = sys.modules[settings.__module__]
            rows.append(Documented(check, section, settings, module))
    return rows


def rule_page(rule: Documented) -> str:
    example = indent(rule.example, "  ")
    return "\n".join(
        [
            f"# {rule.check}\n",
            *(f"{paragraph}\n" for paragraph in rule.paragraphs()),
            _PLACES[rule.section].format(rule.check) + "\n",
            "## Example\n",
            f"```yaml\n{rule.section}:\n{example}```\n",
            settings_tables(rule.settings),
        ]
    )


def rule_index() -> str:
    rows = [f"| [{rule.check}]({rule.check}.md) | {rule.title} |" for rule in documented()]
    return "\n".join([_INDEX, "| rule | what it finds |", "| --- | --- |", *rows, ""])
