"""From breaks that stand to a plan: what would be written, and what is left out."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from monitor.core.breaks import BreakKind
from monitor.core.corrections import Fix, Guard, Mode, Refusal
from monitor.core.errors import Permanent
from monitor.core.model import Value
from monitor.core.writing import Abilities, Operation, Write
from monitor.correcting.planning import Request, draft_plan
from tests.correcting.firm import MESSAGE, POLICIES, PROJECT, Firm, key_of


def only_write(firm: Firm) -> Write:
    [correction] = firm.draft().plan.corrections
    assert correction.write is not None
    return correction.write


def guards(refusals: tuple[Refusal, ...]) -> set[Guard]:
    return {each.guard for each in refusals}


def test_nothing_is_planned_where_nothing_is_wrong(firm: Firm) -> None:
    assert firm.settle_down() == []
    drafted = firm.draft()
    assert (drafted.plan.corrections, drafted.refusals, drafted.left_out) == ((), (), ())


def test_a_missing_record_is_created_from_the_one_that_asks_for_it(firm: Firm) -> None:
    firm.win("OPP-99", "500.00", start_on=date(2026, 4, 1))
    firm.settle_down()
    write = only_write(firm)
    assert (write.operation, write.stream, write.native_id) == (Operation.CREATE, PROJECT, "")
    assert (write.version, write.before) == ("", {})
    assert write.after == {
        "amount": Decimal("500.00"),
        "currency": "EUR",
        "start_on": date(2026, 4, 1),
        "status": "active",
    }
    assert write.keys == (key_of("OPP-99"),)


def test_a_wrong_amount_is_brought_to_the_owners(firm: Firm) -> None:
    firm.staff("OPP-3", "900.00")
    firm.settle_down()
    write = only_write(firm)
    assert (write.operation, write.native_id) == (Operation.UPDATE, "p-OPP-3")
    assert write.version == firm.psa.rows["p-OPP-3"].version
    assert (write.before, write.after) == (
        {"amount": Decimal("900.00")},
        {"amount": Decimal("1000.00")},
    )


def test_a_duplicate_is_closed_and_the_first_record_stays(firm: Firm) -> None:
    firm.later(minutes=1)
    firm.staff("OPP-3", native_id="p-again")
    firm.settle_down()
    write = only_write(firm)
    assert (write.native_id, write.after) == ("p-again", {"status": "cancelled"})


def test_a_dead_letter_whose_effect_is_missing_is_replayed(firm: Firm) -> None:
    firm.win("OPP-99")
    firm.fail_delivery("OPP-99")
    firm.later(minutes=1)
    firm.look()
    [found] = firm.breaks()
    assert found.finding.kind is BreakKind.DEAD_LETTER
    write = only_write(firm)
    assert (write.operation, write.stream, write.native_id) == (
        Operation.REPLAY,
        MESSAGE,
        "m-OPP-99",
    )
    assert write.version == firm.mq.rows["m-OPP-99"].version


def test_a_dead_letter_whose_effect_exists_is_not_replayed(firm: Firm) -> None:
    firm.fail_delivery("OPP-3")
    firm.settle_down()
    drafted = firm.draft()
    assert drafted.plan.corrections == ()
    [refusal] = drafted.left_out
    assert refusal.guard is Guard.EFFECT_EXISTS
    assert "p-OPP-3" in refusal.why


def test_an_effect_that_came_since_the_last_look_is_seen(firm: Firm) -> None:
    firm.win("OPP-99")
    firm.fail_delivery("OPP-99")
    firm.later(minutes=1)
    firm.look()
    firm.staff("OPP-99")
    assert guards(firm.draft().left_out) == {Guard.EFFECT_EXISTS}


def test_what_nobody_is_named_owner_of_is_handed_to_a_person(firm: Firm) -> None:
    firm.crm.edit("o-OPP-3", name="Alpha")
    firm.psa.edit("p-OPP-3", name="Beta")
    firm.settle_down()
    [correction] = firm.draft().plan.corrections
    assert (correction.fix, correction.write) == (Fix.HAND_OVER, None)
    assert "owner" in correction.why


def test_what_stands_no_more_is_not_planned(firm: Firm) -> None:
    firm.staff("OPP-3", "900.00")
    firm.settle_down()
    firm.psa.edit("p-OPP-3", amount=Decimal("1000.00"))
    drafted = firm.draft()
    assert drafted.plan.corrections == ()
    assert guards(drafted.left_out) == {Guard.CHANGED}


def test_what_came_since_the_last_look_is_planned_with(firm: Firm) -> None:
    firm.staff("OPP-3", "900.00")
    firm.settle_down()
    firm.psa.edit("p-OPP-3", amount=Decimal("800.00"))
    assert only_write(firm).before == {"amount": Decimal("800.00")}


def test_what_cannot_be_read_again_is_not_planned(firm: Firm) -> None:
    firm.staff("OPP-3", "900.00")
    firm.settle_down()
    firm.crm.down = True
    drafted = firm.draft()
    assert drafted.plan.corrections == ()
    assert guards(drafted.left_out) == {Guard.BLIND_SOURCE}


def test_only_rules_with_a_policy_are_planned_for(firm: Firm) -> None:
    firm.staff("OPP-3", "900.00")
    firm.settle_down()
    firm.change(policies={"twice": POLICIES["twice"]})
    drafted = firm.draft()
    assert (drafted.plan.corrections, drafted.left_out) == ((), ())
    named = firm.draft(fingerprints=[firm.breaks()[0].fingerprint])
    assert guards(named.left_out) == {Guard.MODE}


def test_what_is_proposed_does_not_go_by_itself(firm: Firm) -> None:
    firm.staff("OPP-3", "900.00")
    firm.settle_down()
    assert firm.draft(mode=Mode.AUTO).plan.corrections == ()
    firm.change(policies={"budget": {"mode": "auto"}})
    assert len(firm.draft(mode=Mode.AUTO).plan.corrections) == 1
    assert len(firm.draft(mode=Mode.PROPOSE).plan.corrections) == 1


def test_what_may_still_arrive_is_waited_for(firm: Firm) -> None:
    firm.win("OPP-99")
    firm.later(hours=3)
    firm.look()
    assert firm.breaks() == []
    assert firm.draft().plan.corrections == ()


def test_one_record_is_written_once_in_a_plan(firm: Firm) -> None:
    firm.later(minutes=1)
    firm.staff("OPP-3", "900.00", native_id="p-again")
    firm.settle_down()
    assert {each.finding.rule for each in firm.breaks()} == {"budget", "twice"}
    drafted = firm.draft()
    assert len(drafted.plan.corrections) == 1
    assert guards(drafted.left_out) == {Guard.IN_FLIGHT}


def test_amounts_in_another_currency_are_left_to_a_person(firm: Firm) -> None:
    firm.staff("OPP-3", "900.00", currency="USD")
    firm.settle_down()
    [correction] = firm.draft().plan.corrections
    assert correction.fix is Fix.HAND_OVER


def test_an_unknown_flow_is_refused(firm: Firm) -> None:
    with pytest.raises(Permanent, match="no flow 'nowhere'"):
        draft_plan(firm.estate, Request("nowhere"), firm.database, firm.clock)


@pytest.mark.parametrize("value", [Decimal("900.00"), None])
def test_planning_twice_gives_the_same_writes(firm: Firm, value: Value) -> None:
    firm.psa.edit("p-OPP-3", amount=value)
    firm.settle_down()
    first, second = firm.draft().plan, firm.draft().plan
    assert first.corrections == second.corrections
    assert len(first.corrections) == 1


def test_a_fix_that_the_system_cannot_do_is_refused(firm: Firm) -> None:
    firm.change(policies={"budget": {"mode": "propose", "fix": "update"}})
    firm.staff("OPP-3", "900.00")
    firm.settle_down()
    firm.psa.writable = replace(firm.psa.writable, fields=frozenset({"status"}))
    drafted = firm.draft()
    assert drafted.plan.corrections == ()
    [refusal] = drafted.left_out
    assert refusal.guard is Guard.UNABLE
    assert "psa.project cannot be given amount" in refusal.why


def test_what_no_system_can_do_by_itself_is_handed_to_a_person(firm: Firm) -> None:
    firm.staff("OPP-3", "900.00")
    firm.settle_down()
    firm.psa.writable = Abilities()
    [correction] = firm.draft().plan.corrections
    assert correction.fix is Fix.HAND_OVER
    assert "nothing can be written to psa.project" in correction.why


def test_an_unknown_rule_is_refused(firm: Firm) -> None:
    with pytest.raises(Permanent, match="sales has no rule 'budgt'"):
        firm.draft(rules=["budget", "budgt"])


def test_a_break_that_does_not_stand_there_is_said_so(firm: Firm) -> None:
    drafted = firm.draft(fingerprints=["f" * 24])
    assert [each.guard for each in drafted.left_out] == [Guard.CHANGED]
    assert "does not stand in sales" in drafted.left_out[0].why
