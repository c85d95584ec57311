"""What records hold comes through every form as it is, whatever it is."""

import tempfile
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.mining.exporting import WRITERS, LogFormat
from monitor.mining.model import (
    FIRST,
    Change,
    EventLog,
    LogEvent,
    LogObject,
    LogType,
    Pointer,
    ValueType,
)
from tests.mining.test_log import READERS

NOW = datetime(2026, 1, 2, 3, 4, 5, 678_901, UTC)
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\r"), min_size=1)
AMOUNTS = st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**9))


def log_of(text: str, amount: Decimal) -> EventLog:
    kinds = {"name": ValueType.STRING, "amount": ValueType.FLOAT, "billed": ValueType.BOOLEAN}
    thing = LogObject(
        f"thing/{text}",
        "a thing",
        (
            Change("name", FIRST, text),
            Change("amount", FIRST, amount),
            Change("billed", NOW, True),
        ),
        (Pointer("thing/other", text),),
    )
    other = LogObject("thing/other", "a thing", (Change("name", FIRST, "other"),))
    event = LogEvent(
        f"event/{text}", "it happened", NOW, {"name": text}, (Pointer(thing.id, text),)
    )
    return EventLog(
        (LogType("a thing", kinds),),
        (LogType("it happened", {"name": ValueType.STRING}),),
        [thing, other] if thing.id != other.id else [other],
        [event],
    )


def xml_text(text: str) -> str:
    """What XML 1.0 cannot write becomes the replacement character."""
    return "".join(
        character
        if character in "\t\n\r"
        or "\x20" <= character <= "\ud7ff"
        or "\ue000" <= character <= "\ufffd"
        or character >= "\U00010000"
        else "\ufffd"
        for character in text
    )


@settings(max_examples=15)
@given(TEXT, AMOUNTS)
def test_hostile_texts_and_exact_amounts_come_through(text: str, amount: Decimal) -> None:
    for form in LogFormat:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "log"
            WRITERS[form](log_of(text, amount), path)
            read = READERS[form](path)
        shown = xml_text(text) if form is LogFormat.XML else text
        kind, at, values, pointers = read.events[f"event/{shown}"]
        assert (kind, at) == ("it happened", "2026-01-02T03:04:05.678901Z")
        assert values == {("name", shown)}
        assert pointers == {(f"thing/{shown}", shown)}
        if shown != "other":
            changes = {name: value for name, _, value in read.objects[f"thing/{shown}"][1]}
            assert changes["name"] == shown
            assert changes["billed"] == "true"
            exact = form is not LogFormat.SQLITE
            assert (
                Decimal(changes["amount"]) == amount
                if exact
                else float(changes["amount"]) == float(amount)
            )
