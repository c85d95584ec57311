"""Runs of instants at which a break is found, and stretches over which a stream is looked at."""

from datetime import timedelta
from decimal import Decimal

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.core.ports import FINDINGS
from monitor.rehearsal import episodes_of
from monitor.reports.rehearsed import tally
from monitor.store.database import Database
from monitor.store.looks import load_look_spans, note_look
from tests.cycle.small_firm import OPPORTUNITY, PROJECT, START

HOUR = timedelta(hours=1)
BREAKS = ("D1", "D2", "D3")


def found(*deals: str, value: str = "10") -> pl.DataFrame:
    plain: dict[str, object] = {
        "flow": "sales", "rule": "budget", "kind": "mismatch", "severity": "warning", "hop": "",
        "system": "psa", "stream": "project", "entity": "project", "field": "amount",
        "record_id": "", "value_at_risk": Decimal(value), "currency": "EUR", "owner": "",
        "classification": "",
    }  # fmt: skip
    rows = [{**plain, "transaction": deal} for deal in deals]
    return pl.DataFrame(rows, schema=FINDINGS)


presence = st.lists(st.sets(st.sampled_from(BREAKS)), min_size=1, max_size=9)


@settings(deadline=None)
@given(steps=presence, shuffle=st.booleans())
def test_episodes_stand_exactly_where_the_break_was_found(
    steps: list[set[str]], shuffle: bool
) -> None:
    instants = [START + step * HOUR for step in range(len(steps))]
    frames = [found(*sorted(each, reverse=shuffle), *each) for each in steps]
    episodes = episodes_of(frames, instants)
    for deal in BREAKS:
        runs = episodes.filter(pl.col("transaction") == deal).select("opened_at", "closed_at")
        standing = {
            at
            for at in instants
            for opened_at, closed_at in runs.iter_rows()
            if opened_at <= at and (closed_at is None or at < closed_at)
        }
        assert standing == {at for at, each in zip(instants, steps, strict=True) if deal in each}
    told = tally("sales", "budget", episodes, instants[0])
    assert told.stood == len(steps[0])
    assert told.standing == len(steps[-1])
    assert told.stood + told.opened - told.closed == told.standing
    assert told.at_risk == ({"EUR": Decimal(10 * len(steps[-1]))} if steps[-1] else {})


def test_an_episode_has_the_values_last_found() -> None:
    frames = [found("D1", value="10"), found("D1", value="25"), found()]
    (episode,) = episodes_of(frames, [START, START + HOUR, START + 2 * HOUR]).rows(named=True)
    assert episode["value_at_risk"] == Decimal(25)
    assert (episode["opened_at"], episode["closed_at"]) == (START, START + 2 * HOUR)


def test_looks_close_together_are_one_stretch(database: Database) -> None:
    def look(hours: float) -> None:
        until = START + hours * HOUR
        with database.write() as connection:
            note_look(connection, PROJECT, until, patience=HOUR, now=until + HOUR / 60)

    for hours in (0, 1, 1.5, 4, 3.9, 4.5):
        look(hours)
    with database.write() as connection:
        note_look(connection, OPPORTUNITY, START, patience=HOUR, now=START)
    with database.read() as connection:
        spans = load_look_spans(connection)
    assert [(span.seen_from, span.seen_until) for span in spans[PROJECT]] == [
        (START, START + 1.5 * HOUR),
        (START + 4 * HOUR, START + 4.5 * HOUR),
    ]
    assert spans[PROJECT][1].noted_at == START + 4.5 * HOUR + HOUR / 60
    assert len(spans[OPPORTUNITY]) == 1
