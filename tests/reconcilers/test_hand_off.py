from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.breaks import BreakKind
from monitor.core.flows import HandOffSettings
from monitor.core.ports import INSTANT, Deadline
from reconcilers.hand_off import build_hand_off, judge
from tests.reconcilers.scene import CONTEXT, NOW, Scene, at, findings, hand_off, in_order, row, said

WON = row(
    "OPP-1", "006A", status="Won", closed_at=at(-10), amount=Decimal("1200.50"), currency="EUR"
)
LATEST = datetime.max.replace(tzinfo=UTC)
EARLIEST = datetime.min.replace(tzinfo=UTC)
SILENT = Scene({"crm.opportunity": [WON]})


def project(created: datetime | None, record: str = "P-1") -> Scene:
    return SILENT.with_rows(psa__project=[row("OPP-1", record, created_at=created)])


def test_a_won_deal_without_a_project_is_missing_after_its_time() -> None:
    (finding,) = findings(hand_off(), SILENT)
    assert finding.kind is BreakKind.MISSING
    assert (finding.system, finding.stream, finding.entity) == ("psa", "project", "project")
    assert (finding.hop, finding.rule) == ("deal-to-project", "deal-to-project")
    assert (finding.transaction, finding.record_id, finding.field) == ("OPP-1", "", "")
    assert finding.expected == "2026-03-18T06:00:00.000000+00:00"
    assert finding.actual is None
    assert (finding.value_at_risk, finding.currency) == (Decimal("1200.5"), "EUR")
    assert finding.owner == "delivery"
    assert finding.since == at(-6)


def test_it_is_late_before_it_is_missing() -> None:
    asked = hand_off(missing_after="1d")
    verdict = asked.evaluate(SILENT.scope())
    assert [finding.kind for finding in verdict.findings] == [BreakKind.LATE]
    assert verdict.deadlines == (Deadline("OPP-1", at(14)),)
    late, missing = verdict.findings, findings(hand_off(missing_after="10h"), SILENT)
    assert missing[0].kind is BreakKind.MISSING
    assert late[0].fingerprint == missing[0].fingerprint


def test_before_its_time_there_is_only_a_deadline() -> None:
    assert in_order(hand_off(within="12h").evaluate(SILENT.scope())) == said(
        Deadline("OPP-1", at(2))
    )


def test_a_record_in_another_state_has_not_arrived() -> None:
    asked = hand_off(to="cpq.quote", that={"status": "accepted"}, arrival="accepted_at")
    quotes = [row("OPP-1", "Q1", status="draft"), row("OPP-1", "Q2", status="superseded")]
    (finding,) = findings(asked, SILENT.with_rows(cpq__quote=quotes))
    assert (finding.kind, finding.stream) == (BreakKind.MISSING, "quote")
    accepted = row("OPP-1", "Q3", status="Accepted", accepted_at=at(-9))
    assert findings(asked, SILENT.with_rows(cpq__quote=[*quotes, accepted])) == ()


@pytest.mark.parametrize("looked", [at(-7), None])
def test_nothing_is_missing_from_a_target_not_looked_at_so_far(looked: datetime | None) -> None:
    scene = Scene(SILENT.rows, looked={"psa.project": looked})
    assert in_order(hand_off().evaluate(scene.scope())) == said(Deadline("OPP-1", at(-6)))


def test_late_turns_into_missing_only_as_far_as_the_target_was_looked_at() -> None:
    scene = Scene(SILENT.rows, looked={"psa.project": at(-3)})
    (finding,) = findings(hand_off(missing_after="8h"), scene)
    assert finding.kind is BreakKind.LATE


@pytest.mark.parametrize("created", [at(-9), at(-6), at(-30), None])
def test_an_arrival_in_time_is_fine(created: datetime | None) -> None:
    assert in_order(hand_off().evaluate(project(created).scope())) == said()
    assert in_order(hand_off(late_arrivals="report").evaluate(project(created).scope())) == said()


def test_a_late_arrival_resolves_the_break_unless_it_is_to_be_reported() -> None:
    assert findings(hand_off(), project(at(-1))) == ()
    (finding,) = findings(hand_off(late_arrivals="report"), project(at(-1)))
    assert finding.kind is BreakKind.LATE
    assert finding.actual == "2026-03-18T11:00:00.000000+00:00"
    assert finding.fingerprint == findings(hand_off(), SILENT)[0].fingerprint


def test_the_earliest_of_two_copies_counts() -> None:
    twice = SILENT.with_rows(
        psa__project=[
            row("OPP-1", "P-2", created_at=at(-1)),
            row("OPP-1", "P-1", created_at=at(-9)),
        ]
    )
    assert findings(hand_off(late_arrivals="report"), twice) == ()


@pytest.mark.parametrize(
    "upstream",
    [
        row("OPP-1", "006A", status="lost", closed_at=at(-10)),
        row("OPP-1", "006A", status=None, closed_at=at(-10)),
        row("OPP-1", "006A", status="won", closed_at=None),
    ],
)
def test_a_deal_that_need_not_be_carried_on_asks_for_nothing(upstream: dict[str, object]) -> None:
    assert in_order(hand_off().evaluate(Scene({"crm.opportunity": [upstream]}).scope())) == said()


def test_of_several_demands_in_one_transaction_the_earliest_counts() -> None:
    later = row("OPP-1", "006B", status="won", closed_at=at(-1))
    both = SILENT.with_rows(crm__opportunity=[later, WON])
    (finding,) = findings(hand_off(), both)
    assert finding.since == at(-6)


def test_a_project_of_another_deal_does_not_answer() -> None:
    other = SILENT.with_rows(psa__project=[row("OPP-2", "P-2", created_at=at(-9))])
    assert len(findings(hand_off(), other)) == 1


def test_time_runs_only_while_the_team_works() -> None:
    friday_afternoon = datetime(2026, 3, 13, 15, 0, tzinfo=UTC)
    won = row("OPP-1", "006A", status="won", closed_at=friday_afternoon)
    monday = datetime(2026, 3, 16, 10, 59, tzinfo=UTC)
    verdict = hand_off(calendar="office").evaluate(
        Scene({"crm.opportunity": [won]}, now=monday).scope()
    )
    assert in_order(verdict) == said(Deadline("OPP-1", monday + timedelta(minutes=1)))


@pytest.mark.parametrize(
    ("settings", "runs"),
    [({}, True), ({"calendar": "plain"}, False), ({"owner": "sales"}, False)],
)
def test_the_calendar_is_that_of_whoever_holds_the_hand_off_if_it_names_none(
    settings: dict[str, str], runs: bool
) -> None:
    context = replace(CONTEXT, owner_calendars={"delivery": "office"})
    told = {
        "from": "crm.opportunity",
        "to": "psa.project",
        "start": "closed_at",
        "within": "4h",
        **settings,
    }
    asked = build_hand_off("deal-to-project", HandOffSettings.model_validate(told), context)
    friday_afternoon = datetime(2026, 3, 13, 15, 0, tzinfo=UTC)
    scene = Scene(
        {"crm.opportunity": [row("OPP-1", "006A", closed_at=friday_afternoon)]},
        now=friday_afternoon + timedelta(hours=1),
    )
    on_monday, on_friday = datetime(2026, 3, 16, 11, 0, tzinfo=UTC), timedelta(hours=4)
    due = on_monday if runs else friday_afternoon + on_friday
    assert in_order(asked.evaluate(scene.scope())) == said(Deadline("OPP-1", due))


CHANGES = [
    row(
        "OPP-1",
        record,
        keys=["deal:OPP-1", f"change:{key}"],
        status="approved",
        approved_at=at(-30),
    )
    for record, key in (("1", "CO-1"), ("2", "CO-2"), ("3", "CO-3"))
]


def test_each_change_order_needs_its_own_copy() -> None:
    asked = hand_off(
        "change-to-erp",
        **{"from": "crm.change_order", "to": "erp.change_order", "when": {"status": "approved"}},
        start="approved_at",
        within="1d",
        match="change",
    )
    copy = row("OPP-1", "77", keys=["change:CO-2"], created_at=at(-20))
    scene = Scene({"crm.change_order": CHANGES, "erp.change_order": [copy]})
    found = findings(asked, scene)
    assert [finding.record_id for finding in found] == ["change:CO-1", "change:CO-3"]
    assert len({finding.fingerprint for finding in found}) == 2


def test_a_change_order_without_a_key_asks_for_nothing() -> None:
    asked = hand_off(
        "change-to-erp",
        **{"from": "crm.change_order", "to": "erp.change_order", "when": {}},
        start="approved_at",
        within="1d",
        match="change",
    )
    keyless = row("OPP-1", "1", keys=["deal:OPP-1"], approved_at=at(-30))
    assert in_order(asked.evaluate(Scene({"crm.change_order": [keyless]}).scope())) == said()


@pytest.mark.parametrize("stamp", [LATEST, EARLIEST])
def test_stamps_at_the_ends_of_time_do_no_harm(stamp: datetime) -> None:
    won = row("OPP-1", "006A", status="won", closed_at=stamp)
    for calendar in ("", "office"):
        verdict = hand_off(calendar=calendar).evaluate(Scene({"crm.opportunity": [won]}).scope())
        assert bool(verdict.findings) is (stamp == EARLIEST)


def test_an_owner_in_the_settings_goes_before_the_systems_own() -> None:
    assert findings(hand_off(owner="pmo"), SILENT)[0].owner == "pmo"


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"to": "psa.projekt"}, "unknown stream 'psa.projekt'; did you mean 'psa.project'?"),
        (
            {"start": "closed"},
            "unknown field of crm.opportunity 'closed'; did you mean 'closed_at'?",
        ),
        (
            {"start": "amount"},
            "field 'amount' of crm.opportunity is decimal, but instant is needed",
        ),
        ({"arrival": "start_on"}, "field 'start_on' of psa.project is date, but instant is needed"),
        ({"calendar": "ofice"}, "unknown calendar 'ofice'; did you mean 'office'?"),
        (
            {"missing_after": "1h"},
            "missing_after is shorter than within: late comes before missing",
        ),
        ({"when": {"stat": "won"}}, "unknown field of crm.opportunity 'stat'"),
        ({"that": {"stat": "won"}}, "unknown field of psa.project 'stat'"),
        (
            {"when": {"status": True}},
            "field 'status' of crm.opportunity is text: write the value in quotes",
        ),
        (
            {"when": {"amount": "5"}},
            "field 'amount' of crm.opportunity is decimal, but text or boolean",
        ),
    ],
)
def test_settings_that_do_not_fit_are_refused_in_one_sentence(
    settings: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - the whole sentence is compared
        hand_off(**settings)
    assert str(refused.value).startswith(sentence)


INSTANTS = st.integers(-100, 100).map(at)


@given(INSTANTS, st.integers(0, 50), st.none() | INSTANTS, INSTANTS, st.booleans())
def test_a_judgement_only_follows_from_what_was_seen(
    due: datetime, grace: int, arrival: datetime | None, seen: datetime, report: bool
) -> None:
    missing_at = due + timedelta(hours=grace)
    stamps = {"due": [due] * 2, "missing_at": [missing_at] * 2, "arrival": [None, arrival]}
    expected = pl.DataFrame(stamps, schema=dict.fromkeys(stamps, INSTANT)).with_columns(
        arrived=pl.Series([False, True])
    )
    (silent, silent_again), (arrived, arrived_again) = expected.select(*judge(seen, report)).rows()
    assert (silent is not None) is (seen >= due)
    assert (silent_again is not None) is (seen < missing_at)
    assert arrived_again is None
    assert (arrived == BreakKind.LATE) is (report and arrival is not None and arrival > due)
    assert arrived != BreakKind.MISSING


@given(st.integers(0, 72), st.integers(-72, 72), st.sampled_from(["", "office"]))
def test_what_is_reported_late_arrived_after_its_due_time(
    within: int, arrived: int, calendar: str
) -> None:
    asked = hand_off(within=f"{within}h", calendar=calendar, late_arrivals="report")
    found = findings(asked, project(NOW + timedelta(hours=arrived)))
    assert len(found) <= 1
    for finding in found:
        assert finding.since is not None
        assert finding.since < at(arrived)
    if not calendar:
        assert bool(found) is (at(arrived) > at(within - 10))
