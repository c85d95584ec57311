"""Whatever is written is read the same again, and touches nothing else."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.core.errors import Permanent, TieoutError
from monitor.core.model import Value
from probes.engine.keys import normalise
from probes.engine.values import DECIMALS, Misfit, read_decimal, read_text
from tests.writing.targets import TARGETS
from tests.writing.targets.target import Opened, creation, open_probe, update, writer_of

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=40)
HOSTILE = st.sampled_from(
    ["' OR '1'='1", "'; DROP TABLE invoices; --", '"], "id": "8', "%' OR 1=1 --", "../8", "8",
     "8 OR 1=1", "8/../../invoices/8", "{id}", "{deal}", "?id=8", "8#", "8%00", "\\", "%", "_",
     "\uff05\uff18", "\uff18", "+8", "08", " 8"]
)  # fmt: skip
AMOUNTS = st.decimals(-(10**20), 10**20, allow_nan=False, places=DECIMALS)
MOMENTS = st.datetimes(datetime(1900, 1, 1), datetime(2199, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - the zones come apart
ROWS = st.fixed_dictionaries(
    {
        "number": st.none() | TEXTS | HOSTILE,
        "status": st.none() | TEXTS | HOSTILE,
        "amount": st.none() | AMOUNTS,
        "issued_on": st.none() | st.dates(date(1900, 1, 1), date(2199, 1, 1)),
        "issued_at": st.none() | MOMENTS,
    }
)
EXAMPLES = settings(
    max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
BYSTANDER: dict[str, Value] = {"number": "INV-8", "amount": Decimal("8.80"), "currency": "EUR"}


@pytest.fixture(params=["rest-etags", "rest-versions", "sqlite", "postgresql", "tryton"])
def opened(request: pytest.FixtureRequest) -> Iterator[Opened]:
    target = TARGETS[request.param](request)
    target.put("8", "OPP-8", **BYSTANDER)
    probe = open_probe(target.settings)
    yield Opened(target, probe, writer_of(probe), target.settings)
    probe.close()
    target.close()


def canonical(row: dict[str, Any]) -> dict[str, Any]:
    """As a stream reads it: the only values that a plan can hold."""
    texts = {name: each for name, each in row.items() if isinstance(each, str)}
    amounts = {name: each for name, each in row.items() if isinstance(each, Decimal)}
    return {
        **row,
        **{name: read_text(each) or None for name, each in texts.items()},
        **{name: read_decimal(each) for name, each in amounts.items()},
    }


@EXAMPLES
@given(row=ROWS)
def test_values_come_back_as_they_were_and_others_stay(opened: Opened, row: dict[str, Any]) -> None:
    bystander = opened.target.rows()["8"]
    opened.target.put("7", "OPP-7", number="before", amount=Decimal(1), status="open")
    meant = canonical(row)
    write = update("7", **meant)
    opened.writer.apply(write, opened.writer.observe(write), "key-1")
    record = opened.writer.observe(write).record
    assert record is not None
    assert {name: record.fields[name] for name in meant} == meant
    assert opened.target.rows()["8"] == bystander


@EXAMPLES
@given(key=TEXTS | HOSTILE, number=HOSTILE)
def test_a_new_record_has_its_key_or_does_not_come_about(
    opened: Opened, key: str, number: str
) -> None:
    before = dict(opened.target.rows())
    write = creation(normalise(key, ("trim", "upper")), number=read_text(number) or None)
    try:
        observed = opened.writer.observe(write)
        opened.writer.apply(write, observed, f"key-{key!r}-{number}")
    except TieoutError:
        assert opened.target.rows() == before
        return
    record = opened.writer.observe(write).record
    assert record is not None
    assert set(record.keys) == set(write.keys)
    kept = dict(opened.target.rows())
    assert kept.pop(record.native_id)
    assert kept == {name: row for name, row in before.items() if name != record.native_id}


@EXAMPLES
@given(native_id=HOSTILE | TEXTS)
def test_an_id_names_its_own_record_and_no_other(opened: Opened, native_id: str) -> None:
    before = opened.target.rows()
    write = update(native_id or "?", number="changed")
    try:
        observed = opened.writer.observe(write)
        opened.writer.apply(write, observed, "key-1")
    except (Permanent, Misfit):
        assert opened.target.rows() == before
        return
    assert native_id == "8"
    assert opened.target.rows()["8"]["number"] == "changed"
