"""A correction is taken back by a plan of its own, or it is said why it cannot be."""

from decimal import Decimal

import pytest

from monitor.core.corrections import CorrectionState, Fix
from monitor.core.errors import Permanent
from monitor.core.policies import PolicySettings
from monitor.core.writing import Abilities, Operation, Safety
from monitor.correcting.planning import Draft
from monitor.correcting.reversing import reverse
from monitor.correcting.undoing import draft_undo
from monitor.store.database import Database
from tests.correcting.small import CorrectedFirm
from tests.correcting.target import Mishap


@pytest.fixture
def firm(sqlite_database: Database) -> CorrectedFirm:
    return CorrectedFirm(sqlite_database)


def corrected(firm: CorrectedFirm) -> int:
    """Number of a correction that brought an amount from 1 to 1,000."""
    firm.win("D1")
    firm.staff("D1", amount="1.00")
    firm.look()
    plan = firm.approved()
    firm.apply(plan)
    firm.cycle()
    return firm.entries(plan)[0].id


def created(firm: CorrectedFirm) -> int:
    """Number of a correction that created a project."""
    for deal in ("D1", "D2"):
        firm.win(deal)
    firm.staff("D2")
    firm.look()
    firm.later(hours=5)
    firm.look()
    plan = firm.approved()
    firm.apply(plan)
    firm.cycle()
    return firm.entries(plan)[0].id


def undo(firm: CorrectedFirm, number: int) -> Draft:
    return draft_undo(firm.estate, firm.database, number, "carl", firm.clock)


def test_what_was_there_before_is_put_back_under_the_same_approval(firm: CorrectedFirm) -> None:
    number = corrected(firm)
    drafted = undo(firm, number)
    [planned] = drafted.plan.corrections
    assert (planned.undoes, planned.fix) == (number, Fix.UPDATE)
    assert drafted.refusals == ()
    assert drafted.lacking
    plan = firm.keep(drafted)
    with pytest.raises(Permanent, match="not approved"):
        firm.apply(plan)
    firm.approve(plan)
    firm.apply(plan)
    assert firm.states(plan) == [CorrectionState.VERIFIED]
    assert firm.psa.rows["p-D1"].fields["amount"] == Decimal("1.00")


def test_only_what_we_wrote_is_put_back(firm: CorrectedFirm) -> None:
    number = corrected(firm)
    firm.target.edit("p-D1", status="on hold")
    plan = firm.keep(undo(firm, number))
    firm.approve(plan)
    firm.apply(plan)
    row = firm.psa.rows["p-D1"]
    assert (row.fields["amount"], row.fields["status"]) == (Decimal("1.00"), "on hold")


def test_what_somebody_wrote_since_is_theirs(firm: CorrectedFirm) -> None:
    number = corrected(firm)
    firm.target.edit("p-D1", amount=Decimal("5.00"))
    with pytest.raises(Permanent, match="somebody changed amount since"):
        undo(firm, number)


def test_a_created_record_is_deleted_where_the_system_can(firm: CorrectedFirm) -> None:
    number = created(firm)
    plan = firm.keep(undo(firm, number))
    firm.approve(plan)
    firm.apply(plan)
    assert firm.states(plan) == [CorrectionState.VERIFIED]
    assert set(firm.psa.rows) == {"p-D2"}


def test_an_undo_that_is_under_way_is_not_planned_again(firm: CorrectedFirm) -> None:
    number = corrected(firm)
    firm.keep(undo(firm, number))
    with pytest.raises(Permanent, match="is being undone"):
        undo(firm, number)


def test_what_had_no_effect_is_not_undone(firm: CorrectedFirm) -> None:
    firm.win("D1")
    firm.staff("D1", amount="1.00")
    firm.look()
    plan = firm.approved()
    firm.target.mishaps = [Mishap.REFUSED]
    firm.apply(plan)
    with pytest.raises(Permanent, match="cannot be undone: it is failed"):
        undo(firm, firm.entries(plan)[0].id)
    with pytest.raises(Permanent, match="no correction 77"):
        undo(firm, 77)


CLOSING = PolicySettings.model_validate({"mode": "propose", "fix": "close", "set": {"status": "x"}})


@pytest.mark.parametrize(
    ("able", "closing", "expected"),
    [
        ({Operation.DELETE: Safety.KEYED}, None, Operation.DELETE),
        ({Operation.UPDATE: Safety.KEYED}, CLOSING, Operation.UPDATE),
        ({Operation.UPDATE: Safety.KEYED}, None, "offers no way to delete or close"),
        ({}, CLOSING, "offers no way to delete or close"),
    ],
)
def test_a_created_record_is_deleted_or_closed_or_it_is_said_that_it_cannot_be(
    firm: CorrectedFirm,
    able: dict[Operation, Safety],
    closing: PolicySettings | None,
    expected: Operation | str,
) -> None:
    number = created(firm)
    [entry] = [each for each in firm.entries() if each.id == number]
    done = firm.plan(entry.plan).corrections[0]
    now = firm.psa.rows[entry.native_id]
    abilities = Abilities(able, frozenset({"status"}))
    formed = reverse(done, entry, None, now, abilities, closing)
    if isinstance(expected, Operation):
        assert not isinstance(formed, str)
        assert formed.write is not None
        assert formed.write.operation is expected
    else:
        assert isinstance(formed, str)
        assert expected in formed
