"""The transactions of a store as an event log, in each form of the standard."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from monitor.mining.exporting import LogFormat, export_log
from monitor.simulation.ledger import FaultKind
from monitor.simulation.rows import Contract
from tests.firm.watching import Watch, fresh_store, watched
from tests.mining.reading import FIRST, Read, read_json, read_sqlite, read_xml

READERS = {LogFormat.JSON: read_json, LogFormat.XML: read_xml, LogFormat.SQLITE: read_sqlite}


@pytest.fixture(scope="module")
def watch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watch]:
    """A firm in which a deal's amount drifted and was put right; no test changes it."""
    with (
        fresh_store(tmp_path_factory.mktemp("mining")) as database,
        watched(database, seed=3, deals=40) as opened,
    ):
        opened.look()
        drifted = opened.firm.plant(FaultKind.AMOUNT_DRIFT, system="psa")
        opened.firm.advance(timedelta(minutes=1))
        opened.look()
        opened.firm.repair(drifted)
        opened.firm.advance(timedelta(minutes=1))
        opened.look()
        yield opened


def exported(watch: Watch, form: LogFormat, folder: Path) -> Read:
    path = folder / f"log.{form}"
    export_log(watch.estate, watch.runtime.database, form, path, watch.firm.clock())
    assert [file.name for file in folder.glob("log.*")] == [path.name]
    read = READERS[form](path)
    path.unlink()
    read.check()
    return read


def test_every_form_keeps_the_rules_and_tells_the_same(watch: Watch, tmp_path: Path) -> None:
    drifted = watch.firm.history()[-1]
    as_json, as_xml, as_sqlite = (exported(watch, form, tmp_path) for form in LogFormat)
    assert as_json == as_xml
    assert as_sqlite.events == as_json.events
    assert _without_digits(as_sqlite) == _without_digits(as_json)
    deal = (f"deal/sales-to-cash/{drifted.deal}", "belongs to")
    changed = {
        value
        for kind, changes, pointers in as_json.objects.values()
        if kind == "psa.projects" and deal in pointers
        for name, at, value in changes
        if at != FIRST and name == "amount"
    }
    assert len(changed) == 2


def _without_digits(read: Read) -> object:
    """SQLite has no exact decimals."""
    floats = {
        (kind, name)
        for kind, attributes in read.object_types.items()
        for name, each in attributes.items()
        if each == "float"
    }
    return {
        identity: {
            (name, at, float(Decimal(value)) if (kind, name) in floats else value)
            for name, at, value in changes
        }
        for identity, (kind, changes, _) in read.objects.items()
    }


def test_every_deal_and_what_happened_to_it_is_there_at_its_true_time(
    watch: Watch, tmp_path: Path
) -> None:
    read = exported(watch, LogFormat.JSON, tmp_path)
    deals = {identity for identity, (kind, _, _) in read.objects.items() if kind == "deal"}
    tables = {str(name): table for name, table in watch.firm.world.tables.items()}
    opportunities = [seen.row for seen in tables["crm.opportunities"].ordered()]
    assert {f"deal/sales-to-cash/{row.deal}" for row in opportunities} <= deals
    contract = tables["contracts.contracts"].ordered()[0].row
    assert isinstance(contract, Contract)
    (signed,) = (
        at
        for kind, at, _, pointers in read.events.values()
        if kind == "contracts contract signed"
        and (f"deal/sales-to-cash/{contract.deal}", "deal") in pointers
    )
    assert signed == contract.signed_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    breaks = {identity for identity, (kind, _, _) in read.objects.items() if kind == "break"}
    assert len(breaks) == len(watch.found()) + 1
    opened = [event for event in read.events.values() if event[0] == "break opened"]
    assert len(opened) == len(breaks)


def test_what_is_planned_is_no_event(watch: Watch, tmp_path: Path) -> None:
    read = exported(watch, LogFormat.JSON, tmp_path)
    now = watch.firm.clock().strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    assert all(at <= now for _, at, _, _ in read.events.values())
    assert not any("start" in kind for kind in read.event_types)


def test_a_file_that_cannot_be_written_leaves_nothing_behind(watch: Watch, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        export_log(
            watch.estate,
            watch.runtime.database,
            LogFormat.JSON,
            tmp_path / "nowhere" / "log.json",
            watch.firm.clock(),
        )
    assert list(tmp_path.glob("**/*.partial")) == []
