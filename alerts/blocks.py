"""An incident as Slack's Block Kit. Record values only ever stand in plain text."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from slack_sdk.models.blocks import (
    Block,
    ContextBlock,
    HeaderBlock,
    MarkdownTextObject,
    PlainTextObject,
    SectionBlock,
    TextObject,
)

from alerts.escaping import cut, cut_mrkdwn, escape_slack, one_line
from alerts.facts import MAX_VALUE, Fact
from alerts.incident_facts import facts_of_incident, outcome_of
from alerts.incident_text import foot_of
from alerts.passages import Passage, addresses_of, passages_of
from alerts.render import Target, link, render
from alerts.slack_actions import action_blocks
from monitor.core.drafts import Measure
from monitor.core.incidents import Event, Message

MAX_HEADER = 150
MAX_TEXT = 600
MAX_LIST = 2_000
"""Slack takes 150 characters in a header and 3,000 in a section, but about 13,200 in all blocks
together; these leave room for every fact at its longest."""

MAX_PASSAGE = 1_500
MAX_REPLY = 2_900

_FACTS_A_SECTION = 5
"""A section has ten cells: a label and a value for each fact."""


@dataclass(frozen=True, slots=True)
class SlackMessage:
    """What `chat.postMessage` and `chat.update` take.

    Attributes:
        text: what notifications and screen readers show; mrkdwn.
        blocks: what the conversation shows.
    """

    text: str
    blocks: list[dict[str, Any]]


def compose_message(message: Message, *, acts: bool = False) -> SlackMessage:
    """The message that people read; every text within Slack's limits, no value with an effect.

    Args:
        message: the incident.
        acts: whether somebody hears it when a button is pressed.
    """
    blocks: list[Block] = [
        HeaderBlock(text=_plain(message.title, MAX_HEADER)),
        ContextBlock(elements=[_template("slack_heading.mrkdwn.j2", message)]),
        *(_own_words(message) if message.words.slack else _our_words(message)),
        *(action_blocks(message) if acts else []),
        ContextBlock(elements=_footer(message)),
    ]
    text = cut_mrkdwn(message.title, MAX_TEXT)
    return SlackMessage(text, [block.to_dict() for block in blocks])


def _own_words(message: Message) -> list[Block]:
    text = MarkdownTextObject(text=message.words.slack, verbatim=True)
    return [SectionBlock(text=text)]


def _our_words(message: Message) -> list[Block]:
    facts = facts_of_incident(message)
    outcome = outcome_of(message)
    blocks: list[Block] = []
    if outcome:
        blocks.append(SectionBlock(text=_plain(outcome, MAX_TEXT)))
    blocks += [
        _section(facts[start : start + _FACTS_A_SECTION])
        for start in range(0, len(facts), _FACTS_A_SECTION)
    ]
    blocks += [SectionBlock(text=_passage(each)) for each in passages_of(message)]
    if message.examples:
        blocks.append(SectionBlock(text=_listed(message)))
    return blocks


def measure_message(shown: SlackMessage) -> tuple[Measure, ...]:
    """What Slack limits of a message (docs.slack.dev, "Block Kit reference")."""
    cells = [cell["text"] for block in shown.blocks for cell in block.get("fields", ())]
    headers = [block["text"]["text"] for block in shown.blocks if block["type"] == "header"]
    texts = [
        block["text"]["text"]
        for block in shown.blocks
        if block["type"] == "section" and "text" in block
    ]
    notes = [
        each["text"]
        for block in shown.blocks
        if block["type"] == "context"
        for each in block["elements"]
    ]
    return (
        Measure("blocks", len(shown.blocks), 50),
        Measure("header", _longest(headers), 150),
        Measure("longest section", _longest([*texts, *notes]), 3_000),
        Measure("longest field", _longest(cells), 2_000),
        Measure("all blocks", sum(map(len, [*headers, *texts, *notes, *cells])), 13_200),
    )


def _longest(texts: Sequence[str]) -> int:
    return max(map(len, texts), default=0)


def compose_reply(events: Sequence[Event]) -> SlackMessage:
    """What happened since, one line each, the newest kept where it would be too long."""
    lines = [render("slack_event.mrkdwn.j2", Target.MRKDWN, {"event": each}) for each in events]
    kept: list[str] = []
    room = MAX_REPLY
    for line in reversed(lines):
        short = line if len(line) <= MAX_TEXT else line[: MAX_TEXT - 1] + "…"
        room -= len(short) + 1
        if room < 0:
            kept.append(f"… and {len(lines) - len(kept)} steps before")
            break
        kept.append(short)
    text = "\n".join(reversed(kept))
    block = SectionBlock(text=MarkdownTextObject(text=text, verbatim=True))
    last = cut_mrkdwn(events[-1].why, MAX_TEXT) if events else ""
    return SlackMessage(last, [block.to_dict()])


def _section(facts: tuple[Fact, ...]) -> SectionBlock:
    cells: list[TextObject] = []
    for fact in facts:
        cells.append(MarkdownTextObject(text=f"*{fact.label}*", verbatim=True))
        cells.append(_plain(fact.value, MAX_VALUE))
    return SectionBlock(fields=cells)


def _passage(passage: Passage) -> PlainTextObject:
    """The heading and its lines, as many as there is room for."""
    lines = [cut(line, MAX_VALUE, escape_slack) for line in (f"{passage.heading}:", *passage.lines)]
    while len("\n".join(lines)) > MAX_PASSAGE:
        del lines[-2:]
        lines.append("…")
    return PlainTextObject(text="\n".join(lines), emoji=False)


def _footer(message: Message) -> list[TextObject]:
    """Links, each in a text of its own so that none is cut, and by what the incident is known."""
    links = " · ".join(f"<{link(each.url)}|{each.name}>" for each in addresses_of(message)[1:])
    first = [f"<{link(each.url)}|{each.name}>" for each in addresses_of(message)[:1]]
    texts = [*first, *([links] if links else [])]
    return [
        *(MarkdownTextObject(text=text, verbatim=True) for text in texts),
        _template("slack_footer.mrkdwn.j2", message),
        *([_plain(foot, MAX_TEXT)] if (foot := foot_of(message)) else []),
    ]


def _listed(message: Message) -> PlainTextObject:
    """A few of its breaks, one line each."""
    lines = [f"• {cut(one_line(each), MAX_VALUE, escape_slack)}" for each in message.examples]
    if message.standing > len(lines) and message.worst is not None:
        lines.append(f"… and {message.standing - len(lines)} more")
    while len("\n".join(lines)) > MAX_LIST:
        del lines[-2]
    return PlainTextObject(text="\n".join(lines), emoji=False)


def _plain(text: str, limit: int) -> PlainTextObject:
    return PlainTextObject(text=cut(one_line(text), limit, escape_slack) or "-", emoji=False)


def _template(name: str, message: Message) -> MarkdownTextObject:
    facts = {"message": message, "incident": message.incident}
    return MarkdownTextObject(text=render(name, Target.MRKDWN, facts), verbatim=True)
