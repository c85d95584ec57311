"""What every probe promises, whatever it reads."""

import logging
import traceback
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import structlog
from pydantic import ValidationError

from monitor.core.clock import system_clock
from monitor.core.entities import ENTITIES
from monitor.core.errors import Permanent, Reason, TieoutError, Transient
from monitor.core.model import Record, StreamId, Window
from monitor.core.plugins import ProbeContext
from monitor.core.ports import Capabilities, Probe
from probes import PROBES
from tests.probes.clocks import NOON
from tests.probes.sources import SOURCES
from tests.probes.sources.source import CANARY, Row, Source

STREAM = "project"
ALL = Window(None, NOON + timedelta(days=1))


def row(number: int, **others: Any) -> Row:
    stamp = NOON + timedelta(seconds=number)
    return Row(**{"id": str(number), "deal": f" opp-{number} ", "name": f"Project {number}",
                  "modified_at": stamp, **others})  # fmt: skip


def rows(first: int, last: int) -> list[Row]:
    return [row(number) for number in range(first, last + 1)]


@pytest.fixture(params=sorted(PROBES))
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Source]:
    opened = SOURCES[request.param](tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def probe(source: Source) -> Iterator[Probe]:
    opened = build(source.settings)
    yield opened
    opened.close()


def build(settings: dict[str, Any]) -> Probe:
    kind = PROBES[settings["probe"]]
    context = ProbeContext("psa", ENTITIES, system_clock, lambda seconds: None)
    return kind.build(kind.settings.model_validate(settings), context)


def read(probe: Probe, window: Window = ALL) -> list[Record]:
    return [record for page in probe.changes(STREAM, window) for record in page.records]


def ids(records: Sequence[Record]) -> set[str]:
    return {record.native_id for record in records}


def numbers(first: int, last: int) -> set[str]:
    return {str(number) for number in range(first, last + 1)}


def test_a_full_window_brings_every_row(source: Source, probe: Probe) -> None:
    source.write(rows(1, 25))
    assert ids(read(probe)) == numbers(1, 25)


def test_an_empty_source_ends_without_a_record(source: Source, probe: Probe) -> None:
    source.write([])
    assert read(probe) == []


def test_a_row_becomes_a_canonical_record(source: Source, probe: Probe) -> None:
    source.write([row(3)])
    (record,) = {record.version: record for record in read(probe)}.values()
    assert record.stream == StreamId("psa", STREAM)
    assert record.native_id == "3"
    assert record.fields["name"] == "Project 3"
    assert [(use.kind, use.value) for use in record.keys] == [("deal", "OPP-3")]
    assert not record.deleted


def test_a_window_starts_at_its_first_instant(source: Source, probe: Probe) -> None:
    source.write(rows(1, 20))
    window = Window(NOON + timedelta(seconds=5), NOON + timedelta(seconds=15))
    assert ids(read(probe, window)) >= numbers(5, 14)


def test_windows_that_touch_leave_no_row_out(source: Source, probe: Probe) -> None:
    source.write(rows(1, 30))
    cuts = [NOON + timedelta(seconds=second) for second in (0, 7, 8, 20.5, 31)]
    found: set[str] = set()
    for since, until in pairwise(cuts):
        found |= ids(read(probe, Window(since, until)))
    assert found == numbers(1, 30)


def test_reading_twice_shows_the_same_states(source: Source, probe: Probe) -> None:
    source.write(rows(1, 12))
    first = {(record.native_id, record.version) for record in read(probe)}
    second = {(record.native_id, record.version) for record in read(probe)}
    assert first == second


def test_a_change_is_seen(source: Source, probe: Probe) -> None:
    source.write(rows(1, 3))
    read(probe)
    source.write([row(1), row(2, name="Renamed", modified_at=NOON + timedelta(minutes=5)), row(3)])
    window = Window(NOON + timedelta(minutes=5), ALL.until)
    states = {record.native_id: record.fields["name"] for record in read(probe, window)}
    assert states["2"] == "Renamed"


def test_one_bad_row_is_set_aside_and_the_rest_goes_on(source: Source, probe: Probe) -> None:
    source.write(rows(1, 5))
    source.spoil()
    pages = list(probe.changes(STREAM, ALL))
    assert {record.native_id for page in pages for record in page.records} == numbers(1, 5)
    rejects = {reject for page in pages for reject in page.rejects}
    assert len(rejects) == 1
    assert rejects.pop().detail


def test_fetch_brings_what_exists(source: Source, probe: Probe) -> None:
    source.write(rows(1, 12))
    asked = ["3", "404", "11"]
    assert_capable(
        probe.capabilities(STREAM).fetch,
        lambda: ids(probe.fetch(STREAM, asked).records),
        {"3", "11"},
    )


def test_lookup_finds_by_key(source: Source, probe: Probe) -> None:
    source.write(rows(1, 12))
    asked = ["OPP-2", "OPP-404", "OPP-9", "OPP-10", "OPP-11"]
    assert_capable(
        "deal" in probe.capabilities(STREAM).lookup,
        lambda: ids(probe.lookup(STREAM, "deal", asked).records),
        {"2", "9", "10", "11"},
    )


def test_a_sweep_lists_every_id_and_no_other(source: Source, probe: Probe) -> None:
    source.write(rows(1, 12))
    source.write(rows(3, 12))
    assert_capable(
        probe.capabilities(STREAM).sweep,
        lambda: {native_id for some in probe.native_ids(STREAM) for native_id in some},
        numbers(3, 12),
    )


def assert_capable(declared: bool, ask: Callable[[], set[str]], expected: set[str]) -> None:
    """What is declared works, and what is not is refused."""
    if declared:
        assert ask() == expected
        return
    with pytest.raises(Permanent) as caught:
        ask()
    assert caught.value.reason is Reason.UNSUPPORTED


def test_nothing_is_able_that_was_not_declared(source: Source) -> None:
    stream = dict(source.settings["streams"][STREAM], deletes={"kind": "none"})
    for ability in ("fetch", "lookup", "ids"):
        stream.pop(ability, None)
    probe = build({**source.settings, "streams": {STREAM: stream}})
    able = probe.capabilities(STREAM)
    source.write(rows(1, 2))
    for declared, ask in ways_to_ask(probe, able):
        if not declared:
            with pytest.raises(Permanent):
                ask()
    probe.close()


def ways_to_ask(probe: Probe, able: Capabilities) -> list[tuple[bool, Callable[[], object]]]:
    return [
        (able.fetch, lambda: probe.fetch(STREAM, ["1"])),
        ("deal" in able.lookup, lambda: probe.lookup(STREAM, "deal", ["OPP-1"])),
        (False, lambda: probe.lookup(STREAM, "unheard-of", ["1"])),
        (able.sweep, lambda: list(probe.native_ids(STREAM))),
    ]


def test_the_sources_time_is_aware_and_near(source: Source, probe: Probe) -> None:
    source.write(rows(1, 2))
    assert abs(probe.source_time() - system_clock()) < timedelta(seconds=30)


def test_threads_see_the_same(source: Source, probe: Probe) -> None:
    source.write(rows(1, 20))
    with ThreadPoolExecutor(4) as pool:
        looks = list(pool.map(lambda _: ids(read(probe)), range(4)))
    assert looks == [numbers(1, 20)] * 4


def test_calls_are_counted(source: Source, probe: Probe) -> None:
    source.write(rows(1, 2))
    before = probe.calls_made()
    read(probe)
    assert probe.calls_made() > before
    assert all(left >= 0 for left in probe.calls_remaining().values())


@pytest.mark.parametrize("place", ["system", "stream"])
def test_unknown_settings_are_refused(source: Source, place: str) -> None:
    settings = dict(source.settings)
    if place == "system":
        settings["unheard_of"] = 1
    else:
        stream = dict(settings["streams"][STREAM], unheard_of=1)
        settings["streams"] = {STREAM: stream}
    with pytest.raises(ValidationError) as caught:
        PROBES[settings["probe"]].settings.model_validate(settings)
    assert "unheard_of" in str(caught.value)
    assert CANARY not in str(caught.value)


def test_a_field_that_the_entity_lacks_is_refused(source: Source) -> None:
    stream = dict(source.settings["streams"][STREAM], map={"colour": "name"})
    with pytest.raises(ValueError, match="colour"):
        build({**source.settings, "streams": {STREAM: stream}})


def test_a_source_that_fails_raises_what_is_expected_and_shows_no_secret(
    source: Source, probe: Probe, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    source.write(rows(1, 3))
    source.fail()
    asks: list[Callable[[], object]] = [lambda: read(probe)]
    asks += [ask for declared, ask in ways_to_ask(probe, probe.capabilities(STREAM)) if declared]
    with structlog.testing.capture_logs() as logs:
        for ask in asks:
            with pytest.raises(TieoutError) as caught:
                ask()
            assert isinstance(caught.value, Transient | Permanent)
            assert CANARY not in "".join(traceback.format_exception(caught.value))
    assert CANARY not in f"{logs} {caplog.text}"


def test_settings_show_no_secret(source: Source) -> None:
    settings = PROBES[source.settings["probe"]].settings.model_validate(source.settings)
    assert CANARY not in f"{settings!r} {settings} {settings.model_dump_json()}"


def test_closing_twice_does_no_harm(source: Source) -> None:
    probe = build(source.settings)
    probe.close()
    probe.close()
