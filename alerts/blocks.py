"""A notice as Slack's Block Kit. Record values only ever stand in plain text."""

from dataclasses import dataclass
from typing import Any

from slack_sdk.models.blocks import (
    ContextBlock,
    HeaderBlock,
    MarkdownTextObject,
    PlainTextObject,
    SectionBlock,
    TextObject,
)

from alerts.escaping import cut, defuse_mrkdwn, escape_slack, one_line
from alerts.facts import MAX_VALUE, Fact, facts_of
from alerts.render import Target, render
from monitor.core.notices import Notice

MAX_HEADER = 150
MAX_TEXT = 600
"""Slack takes 150 characters in a header and 3,000 in a section, but about 13,200 in all blocks
together; these leave room for every fact at its longest."""

_FACTS_A_SECTION = 5
"""A section has ten cells: a label and a value for each fact."""


@dataclass(frozen=True, slots=True)
class SlackMessage:
    """What `chat.postMessage` takes.

    Attributes:
        text: what notifications and screen readers show; mrkdwn.
        blocks: what the conversation shows.
    """

    text: str
    blocks: list[dict[str, Any]]


def compose_message(notice: Notice) -> SlackMessage:
    """The message that people read; every text within Slack's limits, no value with an effect."""
    facts = facts_of(notice)
    blocks = [
        HeaderBlock(text=_plain(notice.title, MAX_HEADER)),
        ContextBlock(elements=[_template("slack_heading.mrkdwn.j2", notice)]),
        *([SectionBlock(text=_plain(notice.why, MAX_TEXT))] if notice.why else []),
        *(
            _section(facts[start : start + _FACTS_A_SECTION])
            for start in range(0, len(facts), _FACTS_A_SECTION)
        ),
        ContextBlock(elements=[_template("slack_footer.mrkdwn.j2", notice)]),
    ]
    text = cut(notice.title, MAX_TEXT, defuse_mrkdwn)
    return SlackMessage(text, [block.to_dict() for block in blocks])


def _section(facts: tuple[Fact, ...]) -> SectionBlock:
    cells: list[TextObject] = []
    for fact in facts:
        cells.append(MarkdownTextObject(text=f"*{fact.label}*", verbatim=True))
        cells.append(_plain(fact.value, MAX_VALUE))
    return SectionBlock(fields=cells)


def _plain(text: str, limit: int) -> PlainTextObject:
    return PlainTextObject(text=cut(one_line(text), limit, escape_slack) or "-", emoji=False)


def _template(name: str, notice: Notice) -> MarkdownTextObject:
    return MarkdownTextObject(text=render(name, Target.MRKDWN, {"notice": notice}), verbatim=True)
