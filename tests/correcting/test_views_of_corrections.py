"""What people's own tools are told of corrections, in SQL."""

from sqlalchemy import text

from monitor.store.database import Database
from tests.correcting.small import CorrectedFirm
from tests.correcting.target import Mishap


def test_what_was_corrected_on_whose_word_and_how_it_ended_can_be_asked_in_sql(
    database: Database,
) -> None:
    database.migrate()
    firm = CorrectedFirm(database)
    for deal in ("D1", "D2"):
        firm.win(deal)
        firm.staff(deal, amount="1.00")
    firm.look()
    plan = firm.approved()
    firm.target.mishaps = [None, Mishap.REFUSED]
    firm.apply(plan)
    asked = (
        "SELECT transaction_key, rule, state, verified, requester, approved_by, system, plan_id"
        " FROM tieout_corrections WHERE intended_at >= opened_at AND ended_at >= planned_at"
        " ORDER BY id"
    )
    steps = (
        "SELECT s.state_after FROM tieout_correction_steps s JOIN tieout_corrections c"
        " ON c.id = s.correction_id WHERE c.transaction_key = 'D1' ORDER BY s.sequence"
    )
    with database.read() as connection:
        found = [tuple(row) for row in connection.execute(text(asked))]
        led_to = connection.execute(text(steps)).scalars().all()
    assert found == [
        ("D1", "budget", "verified", True, "carl", 1, "psa", plan[:12]),
        ("D2", "budget", "failed", False, "carl", 1, "psa", plan[:12]),
    ]
    assert led_to == ["intended", "applied", "verified"]
