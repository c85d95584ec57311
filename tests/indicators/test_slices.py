"""Parts of the firm: bounded, and together the whole."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from monitor.core.indicators import Dimension
from monitor.core.model import StreamId
from monitor.estate import Estate
from monitor.indicators.compute import compute_indicators
from monitor.indicators.figures import ALL, OTHER, UNSTATED, Indicator, Period, Share
from monitor.indicators.measuring import measure
from monitor.store.database import Database
from tests.firm.watching import watched
from tests.indicators.by_hand import Books
from tests.indicators.test_by_hand import as_told

OWNER = (StreamId("crm", "opportunities"), "owner")


def sliced(estate: Estate, most: int) -> Estate:
    """Divided by who sold the deals."""
    (flow,) = estate.flows
    assert flow.indicators is not None
    slices = {Dimension.SERVICE_LINE: OWNER}
    plan = replace(flow.indicators, slices=slices, most=most, digest="by owner")
    return replace(estate, flows=(replace(flow, indicators=plan),))


def test_each_part_is_what_the_books_say_of_it_and_the_rest_is_other(
    sqlite_database: Database,
) -> None:
    with watched(sqlite_database, seed=1, deals=60) as watch:
        watch.look()
        now = watch.firm.clock()
        watch.firm.advance(timedelta(minutes=1))
        period = Period(datetime(2024, 1, 1, tzinfo=UTC), now + timedelta.resolution)
        estate = sliced(watch.estate, most=4)
        measure(estate, sqlite_database)
        (told,) = compute_indicators(estate, sqlite_database, now, period)
        parts = {cut.value: cut for cut in told.cuts if cut.dimension is Dimension.SERVICE_LINE}
        assert len(parts) == 5
        assert OTHER in parts
        owners: dict[str, set[str]] = {}
        for row in Books(watch.firm, [now], *period).rows("crm.opportunities"):
            owners.setdefault(row.owner, set()).add(row.deal)
        for owner in parts.keys() - {OTHER, UNSTATED}:
            # The faults of history were there before the only look.
            looks = [now + timedelta.resolution]
            by_hand = Books(watch.firm, looks, *period, only=owners[owner])
            by_hand.now = now
            shares = {
                name: value
                for name, value in by_hand.told().items()
                if name[0] in {"match_rate", "visibility", "touchless", "revenue_delayed"}
            }
            assert shares.items() <= as_told(told.cuts[parts[owner]]).items()
        for indicator in (Indicator.MATCH_RATE, Indicator.VISIBILITY):
            whole, *of_parts = (
                each.value
                for cut in (ALL, *parts.values())
                for each in told.of(indicator, cut)
                if isinstance(each.value, Share)
            )
            assert whole.part == sum(each.part for each in of_parts)
            assert whole.whole == sum(each.whole for each in of_parts)


def test_a_changed_plan_has_everything_measured_anew(sqlite_database: Database) -> None:
    with watched(sqlite_database, seed=1, deals=40) as watch:
        watch.look()
        assert measure(watch.estate, sqlite_database) == 0
        assert measure(sliced(watch.estate, most=4), sqlite_database) > 40


def test_only_what_changed_is_measured_again(sqlite_database: Database) -> None:
    with watched(sqlite_database, seed=1, deals=40) as watch:
        watch.look()
        watch.firm.repair(watch.firm.ledger()[0])
        watch.firm.advance(timedelta(minutes=1))
        looks_before = measure(watch.estate, sqlite_database)
        assert looks_before == 0
        from monitor import jobs

        for stream in watch.estate.sources:
            jobs.sample_stream(watch.estate, watch.runtime, stream)
            jobs.sweep_stream(watch.estate, watch.runtime, stream)
        done = jobs.settle_cycle(watch.estate, watch.runtime)
        assert done is not None
        assert 0 < measure(watch.estate, sqlite_database) <= done.looked_at < 40


def test_nothing_is_in_order_while_a_source_is_blind(sqlite_database: Database) -> None:
    with watched(sqlite_database, seed=1, deals=40) as watch:
        watch.look()
        watch.firm.take_down("erp")
        watch.firm.advance(timedelta(days=2))
        watch.look()
        database, now = watch.runtime.database, watch.firm.clock()
        period = Period(datetime(2024, 1, 1, tzinfo=UTC), now)
        (told,) = compute_indicators(watch.estate, database, now, period)
        assert {stream.system for stream in told.blind} == {"erp"}
        (matched,) = told.of(Indicator.MATCH_RATE)
        assert isinstance(matched.value, Share)
        assert matched.value.ratio is None
        assert matched.value.unknown > 0
        (visible,) = told.of(Indicator.VISIBILITY)
        assert isinstance(visible.value, Share)
        assert visible.value.unknown > 0
