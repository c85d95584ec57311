"""What to do about a break, in one sentence for a person; nothing here is done by itself."""

from monitor.core.breaks import BreakKind, Classification, Finding
from monitor.core.showing import show_value

_BY_KIND: dict[BreakKind, str] = {
    BreakKind.ORPHAN: "Enter on {record} the key of the deal that it belongs to, or cancel it.",
    BreakKind.CONTRADICTION: "Ask {owner} which is true, and bring {record} to it.",
    BreakKind.DEAD_LETTER: "Mend what the message failed on, and replay {record} once.",
    BreakKind.STUCK: "See what {system} waits for at {record}; replay it once if it is lost.",
    BreakKind.DUPLICATE: "Keep one record, move to it what hangs on {record}, and cancel that.",
    BreakKind.LINEAGE: "Carry {what} over to {place} once, at the version that was approved.",
    BreakKind.LEAKAGE: "Ask {owner}: {record} lacks what it must have, and must not go on without.",
    BreakKind.UNDELIVERED: "Look for its record by key in the target; if it lacks it, replay it.",
    BreakKind.RETRIED: "Mend what {record} fails on; more tries will not.",
    BreakKind.REPLAYED: "Cancel what the second delivery of {record} made, and keep the first.",
    BreakKind.SOURCE: "Ask {owner} what changed in {place}, and adapt its mapping if it is meant.",
    BreakKind.ANOMALY: "Nothing: it is a hint. Look at {place} if it does not pass.",
    BreakKind.CUSTOM: "Ask {owner}: the rule is the firm's own.",
}

_MONEY: dict[Classification, str] = {
    Classification.OVER: "Ask {owner} which part was billed or planned too much, and reverse it.",
    Classification.UNDER: "Ask {owner} which part was billed or planned too little, and add it.",
    Classification.MISSING_PART: "Create the part that is missing in {place}.",
    Classification.ROUNDING: "Book the rounding residual on the last part in {place}.",
    Classification.CURRENCY: "Restate {record} in the currency of the agreement.",
    Classification.EXCHANGE: "Book the exchange difference; the amounts themselves agree.",
}


def propose(found: Finding, source: str, keys: str = "") -> str:
    """What to do about a break.

    Args:
        found: the break.
        source: the stream that the expected value is from; empty where it is no stream's.
        keys: business keys by which a missing record has to be found; empty where none is known.
    """
    words = _words(found)
    match found.kind:
        case BreakKind.TIE_OUT if found.classification in _MONEY:
            return _MONEY[found.classification].format_map(words)
        case BreakKind.MISMATCH | BreakKind.TIE_OUT | BreakKind.POLICY if found.field:
            return _set_value(found, source)
        case BreakKind.MISSING | BreakKind.LINEAGE if found.actual is None:
            return _create(found, source, keys)
        case BreakKind.LATE:
            return _wait(found, source, keys)
        case _:
            fallback = "Ask {owner} to bring {record} in order."
            return _BY_KIND.get(found.kind, fallback).format_map(words)


def _wait(found: Finding, source: str, keys: str) -> str:
    if found.actual is not None:
        return f"Nothing: it has arrived. Ask {_words(found)['owner']} why it took so long."
    create = _create(found, source, keys)
    return f"Wait: it may still arrive. If it does not, {create[:1].lower()}{create[1:]}"


def _words(found: Finding) -> dict[str, str]:
    return {
        "record": _record(found),
        "owner": found.owner or "whoever holds it",
        "system": found.system,
        "place": _place(found),
        "what": found.entity.replace("_", " "),
    }


def _set_value(found: Finding, source: str) -> str:
    name = found.field.replace("_", " ")
    if found.expected is None:
        return f"Clear {name} of {_record(found)}" + (f", as {source} has none." if source else ".")
    value = show_value(found.expected, found.field)
    said = f", as {source} says" if source else ", as the rule demands"
    return f"Set {name} of {_record(found)} to {value}{said}."


def _create(found: Finding, source: str, keys: str) -> str:
    under = f" under {keys}" if keys else ""
    origin = f" from {source}" if source else ""
    entity = found.entity.replace("_", " ")
    return f"Create the {entity} in {_place(found)}{under}{origin}, or replay its message."


def _place(found: Finding) -> str:
    return f"{found.system}.{found.stream}" if found.stream else found.system


def _record(found: Finding) -> str:
    return f"{_place(found)} {found.record_id}".strip()
