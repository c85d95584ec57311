import html
import unicodedata
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.blocks import SlackMessage, compose_message, compose_reply
from alerts.escaping import (
    ELLIPSIS,
    MAX_VALUE,
    cut,
    cut_mrkdwn,
    defuse_mrkdwn,
    escape_slack,
    keep_text,
    one_line,
)
from monitor.core.incidents import Event, EventKind, Message
from tests.alerts.examples import HOSTILE, NOW, hostile_finding, message
from tests.alerts.fake_slack import check_blocks

ANY_TEXT = st.text() | st.sampled_from(HOSTILE) | st.text(alphabet="<>&!@#|*_~`:\n\r ax\ud800😀")


def texts_of(message: SlackMessage) -> Iterator[dict[str, Any]]:
    for block in message.blocks:
        if "text" in block:
            yield block["text"]
        yield from block.get("fields", [])
        yield from block.get("elements", [])


@given(ANY_TEXT)
def test_one_line_has_no_control_character_and_no_direction_mark(text: str) -> None:
    shown = one_line(text)
    assert "\n" not in shown
    assert not [
        each
        for each in shown
        if unicodedata.category(each) in {"Cc", "Cs", "Zl", "Zp"} or each in "\u202e\u2066\u200b"
    ]
    assert one_line(shown) == shown


@given(ANY_TEXT)
def test_escaped_text_has_no_control_character_of_slack_and_reads_the_same(text: str) -> None:
    escaped = escape_slack(text)
    assert "<" not in escaped
    assert ">" not in escaped
    assert escaped.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&") == text


@given(ANY_TEXT)
def test_defused_mrkdwn_has_no_mark_left(text: str) -> None:
    defused = defuse_mrkdwn(text)
    assert not set(defused) & set("<>*~`\n\r")


@pytest.mark.parametrize(
    ("text", "defused"),
    [
        ("won_deal_has_project", "won_deal_has_project"),
        ("_slanted_", "\N{FULLWIDTH LOW LINE}slanted\N{FULLWIDTH LOW LINE}"),
        ("*bold*", "\N{ASTERISK OPERATOR}bold\N{ASTERISK OPERATOR}"),
        ("~gone~", "\N{TILDE OPERATOR}gone\N{TILDE OPERATOR}"),
        ("`x`", "\N{MODIFIER LETTER GRAVE ACCENT}x\N{MODIFIER LETTER GRAVE ACCENT}"),
        (":white_check_mark: done", "\N{RATIO}white_check_mark: done"),
        ("<!channel>", "&lt;!channel&gt;"),
        ("invoice:INV-9", "invoice:INV-9"),
        ("first\n> second", "first &gt; second"),
    ],
)
def test_mrkdwn_marks_give_way_to_look_alikes(text: str, defused: str) -> None:
    assert defuse_mrkdwn(text) == defused


@given(ANY_TEXT, st.integers(1, 60))
def test_a_cut_text_is_within_its_limit_and_cuts_no_entity_in_two(text: str, limit: int) -> None:
    shown = cut(text, limit, escape_slack)
    assert len(shown.encode("utf-16-le", "surrogatepass")) // 2 <= limit
    plain = html.unescape(shown.removesuffix(ELLIPSIS))
    assert html.unescape(escape_slack(text)).startswith(plain)


def test_a_text_that_fits_is_not_cut() -> None:
    assert cut("a & b", 9, escape_slack) == "a &amp; b"
    assert cut("a & b", 8, escape_slack) == "a &amp;…"


@given(ANY_TEXT)
def test_text_for_machines_can_be_encoded_and_keeps_what_is_whole(text: str) -> None:
    assert keep_text(text).encode().decode() == cut(text, MAX_VALUE).replace("\ud800", "?")


@given(ANY_TEXT)
def test_record_values_have_no_effect_in_slack(text: str) -> None:
    incident = message(hostile_finding(text))
    posted = compose_message(incident)
    assert check_blocks(posted.blocks) == ""
    assert not set(posted.text) & set("<>*~`\n")
    for shown in texts_of(posted):
        if shown["type"] == "plain_text":
            assert not set(shown["text"]) & set("<>\n\r")
            assert shown["emoji"] is False
        else:
            assert shown["verbatim"] is True
            assert shown["text"].count("<") == (1 if f"<{incident.link}|" in shown["text"] else 0)


@given(ANY_TEXT)
def test_a_thread_says_what_happened_and_nothing_else(text: str) -> None:
    event = Event(2, NOW, EventKind.ACKNOWLEDGED, text, text)
    reply = compose_reply([event] * 40)
    assert check_blocks(reply.blocks) == ""
    (shown,) = texts_of(reply)
    assert not set(shown["text"]) & set("<>~`")
    assert "*acknowledged*" in shown["text"]


def _break_id(told: Message) -> str:
    return told.worst.break_id if told.worst is not None else ""


@given(ANY_TEXT)
def test_mrkdwn_says_the_same_whatever_a_record_holds(text: str) -> None:
    """Only the link, whose key is quoted, and the break's identifier come from the record."""
    plain, hostile = message(hostile_finding("x")), message(hostile_finding(text))
    ours = [
        [
            each["text"].replace(told.link, "LINK").replace(_break_id(told), "ID")
            for each in texts_of(compose_message(told))
            if each["type"] == "mrkdwn" and not each["text"].startswith("*")
        ]
        for told in (plain, hostile)
        if told.link
    ]
    assert all(each == ours[0] for each in ours)


def test_a_text_that_is_cut_keeps_its_spaces_and_stays_disarmed() -> None:
    shown = cut_mrkdwn("a *b* <!here> " * 20, 100)
    assert shown.startswith("a \N{ASTERISK OPERATOR}b\N{ASTERISK OPERATOR} &lt;!here&gt; a ")
    assert len(shown) <= 100
