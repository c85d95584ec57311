"""Two people answer for a report, in this order, each once; what they said stays."""

import pytest
from sqlalchemy import Table, select, text

from monitor.core.errors import Permanent, Reason
from monitor.evidence_pack.signing_off import SignOffRole, find_objection, sign_report_off
from monitor.store.attestations import read_entries
from monitor.store.database import Database
from monitor.store.evidence_tables import reading, report, sign_off
from monitor.store.readings import PageRead, note_page
from monitor.store.reports import SignOff, add_report, list_reports, list_sign_offs
from tests.cycle.small_firm import OPPORTUNITY
from tests.evidence_pack.logs import NOON, minute

PREPARER, REVIEWER = SignOffRole.PREPARER, SignOffRole.REVIEWER


def add(database: Database) -> int:
    with database.write() as connection:
        return add_report(
            connection,
            made_at=NOON,
            who="ann",
            request={"name": "sales"},
            made_with={"tool": "tieout"},
            manifest_hash="m",
            pack_hash="p",
            key="k",
            signature=b"s",
            is_complete=True,
        )


@pytest.mark.parametrize(
    ("role", "who", "earlier", "objection"),
    [
        (PREPARER, "ann", [], None),
        (PREPARER, "bob", ["ann"], "has signed it already"),
        (REVIEWER, "bob", [], "nobody has signed it as its preparer"),
        (REVIEWER, "ann", ["ann"], "does not review it"),
        (REVIEWER, "ANN", ["ann"], "does not review it"),
        (REVIEWER, "bob", ["ann"], None),
        (REVIEWER, "cid", ["ann", "bob"], "has signed it already"),
    ],
)
def test_a_reviewer_is_somebody_else_than_the_preparer(
    role: SignOffRole, who: str, earlier: list[str], objection: str | None
) -> None:
    roles = (PREPARER, REVIEWER)
    signed = [
        SignOff("sales", 1, each.value, name, "", NOON)
        for each, name in zip(roles, earlier, strict=False)
    ]
    told = find_objection(role, who, signed)
    assert told is None if objection is None else objection in (told or "")


def test_what_was_signed_is_kept_and_in_the_audit_log(database: Database) -> None:
    number = add(database)
    sign_report_off(database, number, PREPARER, "ann", "all explained", minute(1))
    with pytest.raises(Permanent) as refused:
        sign_report_off(database, number, REVIEWER, "ann", "", minute(2))
    assert refused.value.reason is Reason.REFUSED
    sign_report_off(database, number, REVIEWER, "bob", "", minute(3))
    with database.read() as connection:
        signed = list_sign_offs(connection, number)
        assert [(each.role, each.who, each.at) for each in signed] == [
            ("preparer", "ann", minute(1)),
            ("reviewer", "bob", minute(3)),
        ]
        entries = list(read_entries(connection))
        assert [each.id for each in list_reports(connection)] == [number]
    assert [(each["who"], each["action"]) for each in entries] == [
        ("ann", "sign report off"),
        ("bob", "sign report off"),
    ]


def test_nobody_signs_a_report_that_is_not_there(database: Database) -> None:
    with pytest.raises(Permanent, match="there is no report 7"):
        sign_report_off(database, 7, PREPARER, "ann", "", NOON)


@pytest.mark.parametrize("log", [reading, report, sign_off], ids=str)
def test_evidence_cannot_be_changed_nor_deleted(database: Database, log: Table) -> None:
    sign_report_off(database, add(database), PREPARER, "ann", "", NOON)
    with database.write() as connection:
        page = PageRead(NOON, True, None, NOON, 1, 2, 0, "d")
        note_page(connection, OPPORTUNITY, page, NOON)
        before = connection.execute(select(log)).all()
    for change in (f"UPDATE {log.name} SET id = 9", f"DELETE FROM {log.name}"):
        with pytest.raises(Permanent), database.write() as connection:
            connection.execute(text(change))
    with database.read() as connection:
        assert connection.execute(select(log)).all() == before != []
