from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from monitor.core.breaks import BreakKind
from monitor.core.ports import Deadline, Rule
from tests.reconcilers.scene import NOW, Row, Scene, at, findings, in_order, row, rule, said


def requires(**settings: Any) -> Rule:
    return rule("requires", **settings)


def billed(**settings: Any) -> Rule:
    return requires(
        **{
            "stream": "psa.milestone",
            "where": {"status": "complete"},
            "needs": "erp.invoice",
            "that": {"status": ["posted", "paid"]},
            "match": "milestone",
            "start": "completed_at",
            "within": "4h",
            **settings,
        }
    )


def milestone(number: str = "M1", completed: float = -6, **fields: Any) -> Row:
    values = {
        "status": "complete",
        "completed_at": at(completed),
        "amount": Decimal(120),
        "currency": "EUR",
        **fields,
    }
    return row("OPP-1", f"id-{number}", keys=[f"milestone:{number}"], **values)


def invoice(number: str = "M1", status: str = "posted") -> Row:
    return row("OPP-1", f"inv-{number}", keys=[f"milestone:{number}"], status=status)


UNBILLED = Scene(
    {
        "psa.milestone": [milestone(), milestone("M2"), milestone("M3", status="open")],
        "erp.invoice": [invoice("M2")],
    }
)


def test_a_completed_milestone_that_nobody_billed_leaks_its_amount() -> None:
    (finding,) = findings(billed(), UNBILLED)
    assert finding.kind is BreakKind.LEAKAGE
    assert (finding.system, finding.stream, finding.record_id) == ("psa", "milestone", "id-M1")
    assert finding.hop == "psa.milestone -> erp.invoice"
    assert finding.expected == "a record in erp.invoice with status posted or paid"
    assert finding.actual is None
    assert (finding.value_at_risk, finding.currency) == (Decimal(120), "EUR")
    assert (finding.owner, finding.since) == ("delivery", at(-2))


def test_billing_it_mends_it() -> None:
    mended = UNBILLED.with_rows(erp__invoice=[invoice("M1", "Paid"), invoice("M2")])
    assert in_order(billed().evaluate(mended.scope())) == said()


def test_a_record_in_another_state_is_named_as_what_is_there() -> None:
    draft = UNBILLED.with_rows(erp__invoice=[invoice("M1", "draft"), invoice("M2")])
    (finding,) = findings(billed(), draft)
    assert finding.actual == "status draft"


def test_before_its_time_there_is_only_a_deadline() -> None:
    early = Scene({"psa.milestone": [milestone(completed=-1)]})
    assert in_order(billed().evaluate(early.scope())) == said(Deadline("OPP-1", at(3)))


@pytest.mark.parametrize("looked", [at(-3), None])
def test_nothing_is_unbilled_before_the_invoices_were_looked_at(looked: datetime | None) -> None:
    scene = Scene({"psa.milestone": [milestone()]}, looked={"erp.invoice": looked})
    assert in_order(billed().evaluate(scene.scope())) == said(Deadline("OPP-1", at(-2)))


def test_working_time_counts_where_a_calendar_is_named() -> None:
    # NOW is 13:00 on Wednesday in Berlin; 16:00 there the day before leaves one working hour.
    tuesday = Scene({"psa.milestone": [milestone(completed=-21)]})
    verdict = billed(calendar="office", within="6h").evaluate(tuesday.scope())
    assert in_order(verdict) == said(Deadline("OPP-1", at(1)))
    (finding,) = findings(billed(calendar="office"), tuesday)
    assert finding.since == at(-1)


def test_without_its_stamp_it_counts_from_its_birth_and_never_later_than_it_was_seen() -> None:
    unstamped = milestone(completed_at=None, created_at=at(9999), observed_at=at(-5))
    (finding,) = findings(billed(), Scene({"psa.milestone": [unstamped]}))
    assert finding.since == at(-1)


def test_what_changed_after_the_last_look_at_what_it_needs_has_to_wait() -> None:
    activated = milestone(modified_at=at(-1), observed_at=at(-0.5))
    scene = Scene({"psa.milestone": [activated]}, looked={"erp.invoice": at(-1.5)})
    assert in_order(billed().evaluate(scene.scope())) == said(Deadline("OPP-1", at(-1)))


def test_where_no_stamp_says_when_it_changed_its_time_alone_counts() -> None:
    unstamped = milestone(modified_at=None, observed_at=at(-0.5))
    scene = Scene({"psa.milestone": [unstamped]}, looked={"erp.invoice": at(-1.5)})
    assert [finding.since for finding in findings(billed(), scene)] == [at(-2)]


def test_a_date_counts_from_its_midnight() -> None:
    asked = requires(stream="psa.timecard", needs="contracts.contract", start="worked_on")
    card = row("OPP-1", "T", worked_on=date(2026, 3, 17))
    (finding,) = findings(asked, Scene({"psa.timecard": [card]}))
    assert finding.since == at(-36)


def test_a_record_that_names_nothing_lacks_it() -> None:
    nameless = row("OPP-1", "X", status="complete", completed_at=at(-9))
    (finding,) = findings(billed(), UNBILLED.with_rows(psa__milestone=[nameless]))
    assert finding.record_id == "X"


def test_one_of_several_keys_is_enough() -> None:
    both = row(
        "OPP-1", "X", keys=["milestone:M1", "milestone:M2"], status="complete",
        completed_at=at(-9),
    )  # fmt: skip
    assert findings(billed(), UNBILLED.with_rows(psa__milestone=[both])) == ()


ON_AN_OPEN_PROJECT = requires(
    stream="psa.timecard",
    needs="psa.project",
    match="project",
    during={"day": "worked_on", "begins": "start_on", "ends": "closed_at", "zone": "Asia/Tokyo"},
    worth=["hours", "rate"],
)


def time_on(project: str | None, day: date | None) -> Row:
    keys = [f"project:{project}"] if project else []
    values: dict[str, Any] = {"hours": Decimal("7.5"), "rate": Decimal("80.20")}
    return row("OPP-1", "T", keys=keys, worked_on=day, currency="EUR", **values)


PROJECT = row(
    "OPP-1", "P", keys=["project:P1"], start_on=date(2026, 3, 2),
    closed_at=datetime.fromisoformat("2026-03-10T16:00:00+00:00"),
)  # fmt: skip


@pytest.mark.parametrize("day", [date(2026, 3, 2), date(2026, 3, 10), date(2026, 3, 11), None])
def test_time_while_the_project_was_open_is_fine(day: date | None) -> None:
    scene = Scene({"psa.timecard": [time_on("P1", day)], "psa.project": [PROJECT]})
    assert findings(ON_AN_OPEN_PROJECT, scene) == ()


@pytest.mark.parametrize("day", [date(2026, 3, 1), date(2026, 3, 12)])
def test_time_before_or_after_it_leaks_hours_times_rate(day: date) -> None:
    scene = Scene({"psa.timecard": [time_on("P1", day)], "psa.project": [PROJECT]})
    (finding,) = findings(ON_AN_OPEN_PROJECT, scene)
    assert finding.expected == "a record in psa.project in force by start_on, closed_at"
    assert finding.actual == "start_on 2026-03-02, closed_at 2026-03-10T16:00:00.000000+00:00"
    assert (finding.value_at_risk, finding.currency) == (Decimal("601.5"), "EUR")


def test_a_product_that_is_no_money_is_no_amount() -> None:
    absurd = {**time_on("P9", date(2026, 3, 5)), "hours": Decimal(10**30), "rate": Decimal(10**30)}
    (finding,) = findings(ON_AN_OPEN_PROJECT, Scene({"psa.timecard": [absurd]}))
    assert finding.value_at_risk is None


def test_a_project_that_never_closed_is_open_and_one_that_never_began_is_not() -> None:
    cards = {"psa.timecard": [time_on("P1", date(2030, 1, 1))]}
    still_open = row("OPP-1", "P", keys=["project:P1"], start_on=date(2026, 3, 2))
    assert findings(ON_AN_OPEN_PROJECT, Scene({**cards, "psa.project": [still_open]})) == ()
    unknown = row("OPP-1", "P", keys=["project:P1"])
    assert len(findings(ON_AN_OPEN_PROJECT, Scene({**cards, "psa.project": [unknown]}))) == 1


@pytest.mark.parametrize("project", ["P2", None])
def test_time_on_an_unknown_project_is_found(project: str | None) -> None:
    cards = [time_on(project, date(2026, 3, 5))]
    scene = Scene({"psa.timecard": cards, "psa.project": [PROJECT]})
    assert [each.actual for each in findings(ON_AN_OPEN_PROJECT, scene)] == [None]


def test_instants_are_compared_as_instants() -> None:
    asked = requires(
        stream="psa.project",
        needs="contracts.contract",
        during={"day": "created_at", "begins": "signed_at"},
    )
    project = {"psa.project": [row("OPP-1", "P", created_at=at(-5))]}
    signed = [row("OPP-1", "C", signed_at=at(-5))]
    assert findings(asked, Scene({**project, "contracts.contract": signed})) == ()
    later = [row("OPP-1", "C", signed_at=at(-4.9))]
    assert len(findings(asked, Scene({**project, "contracts.contract": later}))) == 1


def test_an_active_project_has_its_grace_to_get_a_signed_contract() -> None:
    asked = requires(
        stream="psa.project",
        where={"status": "active"},
        needs="contracts.contract",
        that={"status": "signed"},
        within="2d",
        owner="legal",
    )
    project = row("OPP-1", "P", status="active", created_at=at(-24), observed_at=at(-20))
    unsigned = {"contracts.contract": [row("OPP-1", "C", status="draft")]}
    early = Scene({**unsigned, "psa.project": [project]})
    assert in_order(asked.evaluate(early.scope())) == said(Deadline("OPP-1", at(24)))
    older = row("OPP-1", "P", status="active", created_at=at(-60))
    (finding,) = findings(asked, Scene({**unsigned, "psa.project": [older]}))
    assert (finding.actual, finding.owner) == ("status draft", "legal")


def test_a_role_that_is_not_sold_is_found_whatever_its_spelling() -> None:
    asked = requires(stream="psa.assignment", needs="contracts.contract", same={"role": "name"})
    sold = [row("OPP-1", "1", name="Architect "), row("OPP-1", "2", name="developer")]
    assigned = [
        row("OPP-1", "A", role="architect"),
        row("OPP-1", "B", role="Tester"),
        row("OPP-1", "C"),
        row("OPP-1", "D", role=" "),
    ]
    (finding,) = findings(asked, Scene({"psa.assignment": assigned, "contracts.contract": sold}))
    assert finding.record_id == "B"
    assert finding.expected == "a record in contracts.contract, name Tester"


def test_what_another_deal_has_does_not_help() -> None:
    others = [{**invoice(), "_transaction": "OPP-2"}]
    scene = Scene({"psa.milestone": [milestone()], "erp.invoice": others})
    assert len(findings(billed(), scene)) == 1


NUMBERS = st.sets(st.sampled_from("ABCD"))


@given(NUMBERS, NUMBERS, NUMBERS)
def test_unbilled_is_exactly_what_is_complete_and_not_billed(
    complete: set[str], there: set[str], posted: set[str]
) -> None:
    scene = Scene(
        {
            "psa.milestone": [
                milestone(each, status="complete" if each in complete else "open")
                for each in sorted(complete | there)
            ],
            "erp.invoice": [
                invoice(each, "posted" if each in posted else "draft")
                for each in sorted(there | posted)
            ],
        }
    )
    found = {each.record_id for each in findings(billed(), scene)}
    assert found == {f"id-{each}" for each in complete - posted}


@given(st.integers(-9, 9), st.integers(0, 9), st.integers(-9, 9) | st.none())
def test_every_lack_is_found_or_awaited_and_never_both(
    completed: int, within: int, looked: int | None
) -> None:
    scene = Scene(
        {"psa.milestone": [milestone(completed=completed)]},
        looked={"erp.invoice": None if looked is None else min(at(looked), NOW)},
    )
    verdict = billed(within=f"{within}h").evaluate(scene.scope())
    due = at(completed + within)
    seen = looked is not None and due <= min(at(looked), NOW)
    assert bool(verdict.findings) is seen
    assert verdict.deadlines == (() if seen else (Deadline("OPP-1", due),))


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"needs": "psa.milestone"}, "a record of psa.milestone always has itself"),
        ({"needs": "erp.invoce"}, "unknown stream 'erp.invoce'; did you mean 'erp.invoice'?"),
        ({"that": {"stat": "x"}}, "unknown field of erp.invoice 'stat'"),
        ({"start": "status"}, "field 'status' of psa.milestone is text, but instant or date"),
        ({"calendar": "ofice"}, "unknown calendar 'ofice'; did you mean 'office'?"),
        (
            {"same": {"amount": "currency"}},
            "'amount' of psa.milestone is decimal, 'currency' of erp.invoice text: they can",
        ),
        ({"worth": ["status"]}, "field 'status' of psa.milestone is text, but decimal or integer"),
        (
            {"during": {"day": "due_on", "ends": "status"}},
            "field 'status' of erp.invoice is text, but instant or date is needed",
        ),
        (
            {"during": {"day": "due_on", "ends": "due_on", "zone": "Mars/Phobos"}},
            "'Mars/Phobos' is not a time zone of the IANA database",
        ),
    ],
)
def test_settings_that_do_not_fit_are_refused_in_one_sentence(
    settings: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - the whole sentence is compared
        billed(**settings)
    assert str(refused.value).startswith(sentence)


def test_a_term_has_a_beginning_or_an_end() -> None:
    with pytest.raises(ValidationError, match="say when the term begins, or when it ends"):
        billed(during={"day": "due_on"})
