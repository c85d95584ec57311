from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from monitor.core.entities import ENTITIES
from monitor.core.errors import Permanent, Reason, Transient
from monitor.core.plugins import ProbeContext
from probes.sql import SqlSystem, build
from tests.probes.sql.deals import ALL, NOON, Source, probe_of, records


def test_an_unknown_table_or_column_is_named(deals: Source) -> None:
    with pytest.raises(Permanent) as missing:
        records(probe_of(deals, table="deal"))
    assert missing.value.reason is Reason.NOT_FOUND
    with pytest.raises(Permanent, match="has no column 'amuont'; did you mean 'amount'") as wrong:
        records(probe_of(deals, map={"amount": "amuont"}))
    assert wrong.value.reason is Reason.SCHEMA
    with pytest.raises(Permanent) as query:
        records(probe_of(deals, table=None, query="SELECT id FROM deals"))
    assert query.value.reason is Reason.SCHEMA


def test_nothing_can_be_written(deals: Source) -> None:
    query = "DELETE FROM deals RETURNING id, no, name, amount, changed"
    if "postgresql" in deals.url:
        deals.run("CREATE SEQUENCE numbers")
        query = "SELECT nextval('numbers') AS id, no, name, amount, changed FROM deals"
    with pytest.raises(Permanent):
        records(probe_of(deals, table=None, query=query))
    assert len(records(probe_of(deals))) == 7


def test_a_look_ends_with_its_time(deals: Source) -> None:
    endless = (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000000)"
        " SELECT max(i) AS id FROM n"
    )
    system = SqlSystem.model_validate(
        {
            "probe": "sql",
            "url": deals.url,
            "deadline": "PT0.3S",
            "streams": {"deals": {"query": endless, "entity": "opportunity", "id": "id"}},
        }
    )
    context = ProbeContext("crm", ENTITIES, lambda: NOON, lambda _: None)
    with closing(build(system, context)) as probe, pytest.raises(Transient) as caught:
        list(probe.changes("deals", ALL))
    assert caught.value.reason is Reason.DEADLINE


def test_a_file_that_is_not_there_is_no_empty_source(tmp_path: Path) -> None:
    with pytest.raises(Transient) as caught:
        records(probe_of(f"sqlite:///{tmp_path / 'none.db'}"))
    assert caught.value.reason is Reason.UNREACHABLE
    assert not (tmp_path / "none.db").exists()


def test_a_file_that_is_no_database_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "source.db").write_bytes(b"no database" * 1000)
    with pytest.raises(Permanent) as caught:
        records(probe_of(f"sqlite:///{tmp_path / 'source.db'}"))
    assert caught.value.reason is Reason.MALFORMED


def test_a_server_that_cannot_be_reached_is_said_so_without_its_secret() -> None:
    with pytest.raises(Transient) as caught:
        records(probe_of("postgresql+psycopg://u:canary@127.0.0.1:1/db"))
    assert caught.value.reason is Reason.UNREACHABLE
    assert "canary" not in f"{caught.value!r}"


@pytest.mark.parametrize(
    "url", ["canary", "nonsense://u:canary@h/d", "oracle+cx_oracle://u:canary@h/d"]
)
def test_a_url_that_cannot_be_used_is_refused_without_its_secret(url: str) -> None:
    with pytest.raises(Permanent) as caught:
        probe_of(url)
    assert caught.value.reason is Reason.CONFIGURATION
    assert "canary" not in f"{caught.value!r}{caught.value.__cause__}"


def test_the_source_time_is_the_servers(source: Source) -> None:
    with closing(probe_of(source)) as probe:
        present = probe.source_time()
    assert present == NOON or abs(present - datetime.now(UTC)) < timedelta(minutes=1)
    assert present.tzinfo is UTC


@pytest.mark.parametrize(
    "changed",
    [{"table": None}, {"query": "SELECT 1"}, {"tabel": "x"}, {"page_size": 0},
     {"table": None, "query": "SELECT :when"}, {"table": None, "query": "x", "schema": "s"}],
)  # fmt: skip
def test_settings_that_make_no_sense_are_refused(changed: Mapping[str, Any]) -> None:
    with pytest.raises(ValidationError):
        probe_of("sqlite://", **changed)


def test_statements_count_against_the_budget(deals: Source) -> None:
    with closing(probe_of(deals)) as probe:
        list(probe.changes("deals", ALL))
        made = probe.calls_made()
    assert made >= 4
