import json
from dataclasses import replace
from datetime import timedelta
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.blocks import compose_message
from alerts.compose import MAX_TITLE, blind_notice, link_to, notice_of, show_system, sighted_notice
from alerts.document import document_of
from monitor.core.breaks import BreakKind, Finding, Severity, TransitionKind
from monitor.core.errors import Reason
from monitor.core.model import StreamId
from monitor.core.notices import NoticeKind
from tests.alerts.examples import (
    ADDRESS,
    FINDINGS,
    HOSTILE,
    MISSING,
    NOW,
    SINCE,
    hostile_finding,
    message,
    notice,
    transition,
)
from tests.alerts.fake_slack import check_blocks

OPENED_TITLE = "PSA project missing for OPP-17: 125,000.00 EUR at risk since 2026-11-20 08:05 UTC"
STREAM = StreamId("psa", "projects")


@pytest.mark.parametrize("kind", [TransitionKind.SUSPECTED, TransitionKind.DISMISSED])
def test_nobody_hears_of_a_suspicion(kind: TransitionKind) -> None:
    assert notice_of(transition(kind=kind)) is None


def test_every_break_kind_has_a_title_of_its_own() -> None:
    titles = {notice(finding).title for finding in FINDINGS.values()}
    assert set(FINDINGS) == set(BreakKind)
    assert len(titles) == len(BreakKind)


@pytest.mark.parametrize(
    ("kind", "title"),
    [
        (
            TransitionKind.OPENED,
            OPENED_TITLE,
        ),
        (
            TransitionKind.REOPENED,
            f"Again: {OPENED_TITLE}",
        ),
        (TransitionKind.RESOLVED, "Resolved: PSA project missing for OPP-17"),
    ],
)
def test_a_title_says_what_where_how_much_and_since_when(kind: TransitionKind, title: str) -> None:
    assert notice(MISSING, kind).title == title


def test_a_title_without_money_or_time_still_reads() -> None:
    bare = replace(MISSING, value_at_risk=None, currency="", since=None)
    assert notice(bare).title == "PSA project missing for OPP-17"


def test_a_system_is_called_what_people_call_it() -> None:
    told = notice_of(transition(), titles={"psa": "Kantata"})
    assert told is not None
    assert told.title.startswith("Kantata project missing")
    assert show_system("erp", {}) == "ERP"
    assert show_system("middleware", {}) == "Middleware"


def test_the_same_step_told_twice_has_the_same_identifier() -> None:
    assert notice().id == notice().id


def test_different_steps_have_different_identifiers() -> None:
    steps = [
        transition(),
        transition(kind=TransitionKind.RESOLVED),
        transition(at=NOW + timedelta(microseconds=1)),
        transition(episode=2),
        transition(replace(MISSING, transaction="OPP-18")),
    ]
    told = [notice_of(step) for step in steps]
    assert len({each.id for each in told if each}) == len(steps)


def test_blindness_is_told_once_a_period_however_often_it_is_noted() -> None:
    first = blind_notice(STREAM, SINCE, NOW)
    later = blind_notice(STREAM, SINCE, NOW + timedelta(hours=1))
    again = blind_notice(STREAM, NOW, NOW + timedelta(hours=2))
    assert first.id == later.id
    assert again.id != first.id
    assert sighted_notice(STREAM, SINCE, NOW).id != first.id


def test_a_blind_system_is_named_and_nothing_is_said_to_be_missing() -> None:
    told = blind_notice(STREAM, SINCE, NOW, reason=Reason.UNREACHABLE, titles={"psa": "Kantata"})
    assert told.kind is NoticeKind.BLIND
    assert told.title == (
        "Kantata cannot be seen (projects) since 2026-11-20 08:05 UTC: "
        "answers that need it are unknown"
    )
    assert "unreachable" in told.why
    assert (told.transaction, told.break_kind, told.value_at_risk) == ("", None, None)


@given(st.text(min_size=1, max_size=60).filter(lambda key: key.isprintable()))
def test_a_link_leads_back_to_its_key(key: str) -> None:
    link = link_to(f"{ADDRESS}/", key)
    assert link.startswith(f"{ADDRESS}/transactions/")
    tail = link.removeprefix(f"{ADDRESS}/transactions/")
    assert "/" not in tail
    assert unquote(tail) == key


def test_there_is_no_link_without_an_address_or_to_an_endless_key() -> None:
    assert link_to("", "OPP-17") == ""
    assert link_to(ADDRESS, "") == ""
    assert link_to(ADDRESS, "x" * 3_000) == ""


@pytest.mark.parametrize("text", HOSTILE)
def test_a_title_is_one_short_line_whatever_a_record_holds(text: str) -> None:
    title = notice(hostile_finding(text)).title
    assert title == " ".join(title.split())
    assert len(title) <= MAX_TITLE


ANY = st.text(max_size=30)


@given(
    finding=st.builds(
        Finding,
        flow=ANY,
        transaction=ANY,
        rule=ANY,
        kind=st.sampled_from(BreakKind),
        severity=st.sampled_from(Severity),
        hop=ANY,
        system=ANY,
        stream=ANY,
        entity=ANY,
        field=ANY,
        record_id=ANY,
        expected=st.none() | ANY,
        actual=st.none() | ANY,
        value_at_risk=st.none() | st.decimals(),
        currency=ANY,
        owner=ANY,
        since=st.none() | st.just(SINCE),
    ),
    kind=st.sampled_from(TransitionKind),
)
def test_whatever_was_found_can_be_told(finding: Finding, kind: TransitionKind) -> None:
    told = notice_of(transition(finding, kind), ADDRESS)
    if told is not None:
        assert told.title
        assert check_blocks(compose_message(message(finding)).blocks) == ""
        assert json.loads(document_of(told))["id"] == told.id
