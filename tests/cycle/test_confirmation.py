"""What counts as a confirmation, and what leaves the answer open."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from monitor.core.breaks import BreakKind
from monitor.core.model import Page, Reject, RejectReason
from monitor.core.plugins import RuleContext
from monitor.core.ports import Capabilities
from monitor.single_pass import pass_once
from monitor.store.breaks import standing_breaks
from monitor.store.database import Database
from reconcilers import RULES
from tests.cycle.small_firm import OPPORTUNITY, PROJECT, SmallFirm


def standing(firm: SmallFirm) -> set[tuple[str, BreakKind]]:
    with firm.database.read() as connection:
        return {
            (each.finding.transaction, each.finding.kind) for each in standing_breaks(connection)
        }


def test_what_cannot_be_looked_for_by_a_known_key_needs_a_later_look(database: Database) -> None:
    firm = SmallFirm(database, able=Capabilities(fetch=True, lookup=frozenset({"order"})))
    firm.win("D1")
    firm.later(hours=5)
    pass_once(firm.estate, firm.runtime)
    assert standing(firm) == set()
    firm.later(minutes=1)
    pass_once(firm.estate, firm.runtime)
    assert standing(firm) == {("D1", BreakKind.MISSING)}


def test_a_later_look_is_told_by_our_clock_when_the_source_is_behind(database: Database) -> None:
    firm = SmallFirm(database, able=Capabilities())
    behind = firm.clock()
    firm.crm.source_time = firm.psa.source_time = lambda: behind  # type: ignore[method-assign]  # its clock stands still
    firm.win("D1")
    firm.staff("D1", amount="1.00")
    pass_once(firm.estate, firm.runtime)
    firm.later(minutes=1)
    pass_once(firm.estate, firm.runtime)
    assert standing(firm) == {("D1", BreakKind.MISMATCH)}


def test_a_record_that_is_there_and_cannot_be_read_is_not_missing(database: Database) -> None:
    firm = SmallFirm(database)
    poisoned = Reject("p-D1", RejectReason.WRONG_TYPE, "'amount' is not a number", "{}")

    def find(stream: str, kind: str, values: Sequence[str]) -> Page:
        return Page((), (poisoned,)) if "D1" in values else Page(())

    firm.psa.lookup = find  # type: ignore[method-assign]  # the system knows a row that nobody can read
    firm.psa.rejects = (poisoned,)
    firm.win("D1")
    firm.win("D2")
    firm.later(hours=5)
    pass_once(firm.estate, firm.runtime)
    assert standing(firm) == {("D2", BreakKind.MISSING)}


def follow_one_rule(firm: SmallFirm, **settings: Any) -> None:
    """The firm's flow has no other rule than this one."""
    (flow,) = firm.estate.flows
    streams = {stream: firm.estate.sources[stream] for stream in (OPPORTUNITY, PROJECT)}
    context = RuleContext(
        flow=flow.name,
        root=flow.root,
        entities={OPPORTUNITY: "opportunity", PROJECT: "project"},
        fields={stream: source.fields for stream, source in streams.items()},
    )
    row = RULES[settings["check"]]
    rule = row.build("the-rule", row.settings.model_validate(settings), context)
    only = replace(flow, rules=(rule,), margins={rule.name: timedelta(0)})
    firm.estate = replace(firm.estate, flows=(only,))


def test_a_part_of_a_sum_is_looked_for_by_key_beside_those_that_are_there(
    database: Database,
) -> None:
    firm = SmallFirm(database)
    sides = {"sold": [{"stream": str(OPPORTUNITY)}], "planned": [{"stream": str(PROJECT)}]}
    follow_one_rule(firm, check="tie_out", sides=sides)
    firm.win("D0")
    pass_once(firm.estate, firm.runtime)
    firm.later(minutes=30)
    for deal in ("D1", "D2"):
        firm.win(deal, amount="100.00")
        firm.staff(deal, amount="60.00")
    listed = sorted(firm.psa.rows)
    firm.psa.native_ids = lambda stream: iter([listed])  # type: ignore[method-assign]  # listed before the commit
    day_before = firm.clock() - timedelta(days=1)
    firm.psa.put("committed-late", "D1", day_before, amount=Decimal("40.00"))
    firm.later(minutes=1)
    pass_once(firm.estate, firm.runtime)
    assert standing(firm) == {("D2", BreakKind.TIE_OUT)}


def test_what_a_record_needs_is_looked_for_by_key_beside_what_is_there(database: Database) -> None:
    firm = SmallFirm(database)
    follow_one_rule(
        firm,
        check="requires",
        stream=str(OPPORTUNITY),
        needs=str(PROJECT),
        that={"status": "active"},
    )
    firm.win("D0")
    firm.staff("D0")
    pass_once(firm.estate, firm.runtime)
    firm.later(minutes=30)
    for deal in ("D1", "D2"):
        firm.win(deal)
        firm.psa.put(f"draft-{deal}", deal, status="draft")
    listed = sorted(firm.psa.rows)
    firm.psa.native_ids = lambda stream: iter([listed])  # type: ignore[method-assign]  # listed before the commit
    firm.psa.put("committed-late", "D1", firm.clock() - timedelta(days=1), status="active")
    pass_once(firm.estate, firm.runtime)
    assert standing(firm) == {("D2", BreakKind.LEAKAGE)}


def test_a_root_that_cannot_be_read_makes_no_orphans(database: Database) -> None:
    firm = SmallFirm(database)
    poisoned = Reject("o-D1", RejectReason.NO_STAMP, "'at' is no instant", "{}")
    firm.crm.lookup = lambda stream, kind, values: Page((), (poisoned,))  # type: ignore[method-assign]  # unreadable
    firm.staff("D1")
    firm.later(hours=5)
    pass_once(firm.estate, firm.runtime)
    assert standing(firm) == set()


def test_a_stream_with_rows_set_aside_proves_no_absence_by_a_later_look(
    database: Database,
) -> None:
    firm = SmallFirm(database, able=Capabilities())
    firm.psa.rejects = (Reject(None, RejectReason.NO_ID, "no id", "{}"),)
    firm.win("D1")
    firm.later(hours=5)
    pass_once(firm.estate, firm.runtime)
    firm.later(minutes=1)
    pass_once(firm.estate, firm.runtime)
    assert standing(firm) == set()
    firm.psa.rejects = ()
