"""An incident in plain text, for channels that show no more."""

from alerts.escaping import one_line
from alerts.incident_facts import facts_of_incident, outcome_of
from alerts.passages import addresses_of, passages_of
from alerts.render import instant, words
from monitor.core.incidents import Message

MAX_TEXT = 8_000
"""Characters; what is longer is cut at the end of a line."""


def text_of(message: Message) -> str:
    """Title, how it ended or who looks after it, facts, circumstances, examples, history, links."""
    facts = [f"{fact.label}: {fact.value}" for fact in facts_of_incident(message)]
    history = [
        f"{instant(each.at)} {words(each.kind)}: {one_line(each.why)}" for each in message.history
    ]
    parts = [
        [message.title],
        [outcome_of(message)],
        facts,
        *([f"{each.heading}:", *each.lines] for each in passages_of(message)),
        [f"- {one_line(each)}" for each in message.examples],
        history,
        [f"{each.name}: {each.url}" for each in addresses_of(message)],
    ]
    lines = [[line for line in part if line] for part in parts]
    return _cut("\n\n".join("\n".join(part) for part in lines if part))


def _cut(text: str) -> str:
    return text if len(text) <= MAX_TEXT else text[:MAX_TEXT].rpartition("\n")[0] + "\n…"
