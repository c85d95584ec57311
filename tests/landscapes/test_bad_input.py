"""Bad rows among good ones: set aside with a reason, counted, and let go of when mended."""

from pathlib import Path

import pytest

from monitor.core.errors import Reason
from monitor.core.model import RejectReason
from monitor.store.database import Database
from tests.landscapes.running import SmallEstate

LANDSCAPE = """
    version: 1
    firm: {name: Small}
    systems:
      crm:
        probe: files
        as_of: now
        settle: 0s
        streams:
          opportunity:
            entity: opportunity
            path: "${env:DATA}/opportunities.jsonl"
            id: id
            map: {amount: amount, closed_at: closed, name: name}
            defines: {deal: {from: number, required: true}}
            deletes: {kind: sweep}
      psa:
        probe: files
        as_of: now
        settle: 0s
        streams:
          project:
            entity: project
            path: "${env:DATA}/projects.jsonl"
            id: id
            map: {amount: budget}
            refers: {deal: number}
            deletes: {kind: sweep}
    flows:
      sales:
        root: crm.opportunity
        key: deal
        rules:
          budget:
            check: mismatch
            left: crm.opportunity
            right: psa.project
            fields: {amount: {}}
          orphans: {check: orphan, stream: psa.project}
"""

GOOD = '{"id": "o1", "number": "D1", "amount": "10.00"}\n'
BAD_LINES = {
    '{"id": "o2", "number": "D2", "amount": "ten"}': RejectReason.WRONG_TYPE,
    '{"id": "o2", "number": "D2", "amount": "1e400"}': RejectReason.OUT_OF_RANGE,
    '{"id": "o2", "number": "D2", "amount": "0.12345678"}': RejectReason.OUT_OF_RANGE,
    '{"id": "o2", "number": "D2", "closed": "the day before"}': RejectReason.WRONG_TYPE,
    '{"id": "o2", "number": "   "}': RejectReason.NO_KEY,
    '{"number": "D2"}': RejectReason.NO_ID,
    '{"id": "o2", "number": "D2", "name": "half a \\ud800 pair"}': None,
    '{"id": "o2", "number": "D2", "name": "nul \\u0000"}': None,
    '{"id": "o2", "number": "D2", "amount": NaN}': None,
    '{"id": "o2", "number": "D2", "amount": 1, "amount": 2}': None,
    "[1, 2]": None,
    '{"id": "o2", "number": "D2"': None,
}
"""Lines, and the reason where it matters which; every one of them names it in a sentence."""


def firm_of(folder: Path, database: Database) -> SmallEstate:
    firm = SmallEstate(folder, database, LANDSCAPE)
    firm.write("projects", [{"id": "p1", "number": "D1", "budget": "11.00"}])
    return firm


@pytest.mark.parametrize("line", BAD_LINES)
def test_a_bad_row_is_set_aside_and_the_rest_goes_on(
    tmp_path: Path, database: Database, line: str
) -> None:
    firm = firm_of(tmp_path, database)
    firm.write_text("opportunities.jsonl", f"{line}\n{GOOD}")
    done = firm.look()
    [aside] = firm.set_aside()
    assert str(aside.stream) == "crm.opportunity"
    assert BAD_LINES[line] in (None, aside.reject.reason)
    assert aside.reject.detail
    assert sum(look.tally.rejected for look in done.looks) >= 1
    assert firm.breaks() == {("D1", "mismatch", "amount")}


def test_a_mended_row_is_let_go_of(tmp_path: Path, database: Database) -> None:
    firm = firm_of(tmp_path, database)
    firm.write_text("opportunities.jsonl", f'{GOOD}{{"id": "o2", "number": "D2", "amount": "x"}}\n')
    firm.look()
    assert len(firm.set_aside()) == 1
    firm.write_text("opportunities.jsonl", f'{GOOD}{{"id": "o2", "number": "D2", "amount": "2"}}\n')
    firm.look()
    assert firm.set_aside() == []
    assert set(firm.deals()) == {"D1", "D2"}


def test_a_row_without_an_id_is_let_go_of_when_the_source_no_longer_shows_it(
    tmp_path: Path, database: Database
) -> None:
    firm = firm_of(tmp_path, database)
    firm.write_text("opportunities.jsonl", f'{GOOD}{{"number": "D2"}}\n')
    firm.look()
    assert len(firm.set_aside()) == 1
    firm.write_text("opportunities.jsonl", GOOD)
    firm.look()
    assert firm.set_aside() == []


def test_an_unreadable_deal_makes_no_orphan_of_its_project(
    tmp_path: Path, database: Database
) -> None:
    firm = firm_of(tmp_path, database)
    firm.write_text("opportunities.jsonl", '{"id": "o1", "number": "D1", "amount": "ten"}\n')
    firm.look()
    assert firm.breaks() == set()


def test_a_file_that_vanishes_blinds_and_loses_nothing(tmp_path: Path, database: Database) -> None:
    firm = firm_of(tmp_path, database)
    firm.write_text("opportunities.jsonl", GOOD)
    firm.look()
    (tmp_path / "opportunities.jsonl").unlink()
    done = firm.look()
    failures = {str(look.source): look.failure for look in done.looks if look.failure}
    assert failures.keys() == {"crm.opportunity"}
    assert set(failures.values()) <= set(Reason)
    assert firm.deals() == {"D1": {"o1", "p1"}}
    assert firm.breaks() == {("D1", "mismatch", "amount")}
