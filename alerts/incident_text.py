"""An incident in plain text, for channels that show no more."""

from alerts.escaping import cut, one_line
from alerts.incident_facts import facts_of_incident, outcome_of
from alerts.passages import addresses_of, passages_of
from alerts.render import instant, words
from monitor.core.incidents import Message

MAX_WHY = 120
MAX_TEXT = 8_000
"""Characters; what is longer is cut at the end of a line."""


def text_of(message: Message) -> str:
    """Title, how it ended or who looks after it, facts, circumstances, examples, history, links.

    In the firm's own words where it has any; where those cannot be used, the last line says so.
    """
    foot = [foot_of(message)] if message.words.faults else []
    if message.words.text:
        return _cut("\n\n".join([message.title, message.words.text, *foot]))
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
        foot,
    ]
    lines = [[line for line in part if line] for part in parts]
    return _cut("\n\n".join("\n".join(part) for part in lines if part))


def foot_of(message: Message) -> str:
    """That templates of the firm's own could not be used; empty where all could."""
    if not message.words.faults:
        return ""
    faults = ", ".join(
        f"{slot} ({cut(one_line(why), MAX_WHY)})" for slot, why in message.words.faults
    )
    return f"In tieout's words, because own templates cannot be used: {faults}"


def _cut(text: str) -> str:
    return text if len(text) <= MAX_TEXT else text[:MAX_TEXT].rpartition("\n")[0] + "\n…"
