"""Hand-offs that arrive are counted once, with their deal's trace as the example."""

from datetime import timedelta

from prometheus_client.openmetrics import parser as openmetrics
from prometheus_client.samples import Sample

from monitor import jobs
from monitor.core.metrics import KnownNames
from monitor.core.telemetry import trace_id_of
from monitor.indicators.arriving import RECENT
from monitor.store.database import Database
from monitor.store.measures import Arrival, load_arrivals
from tests.firm.watching import Watch, watched

FLOW = "sales-to-cash"
ARRIVED = "tieout_hand_offs_arrived_total"
TAKEN = "tieout_hand_off_duration_seconds_count"


def prepare(watch: Watch) -> None:
    hops = [(flow.name, step.name) for flow in watch.estate.flows for step in flow.hand_offs]
    watch.runtime.metrics.prepare(KnownNames(flows=(FLOW,), hand_offs=hops))


def samples(watch: Watch, name: str) -> list[Sample]:
    page, _ = watch.runtime.metrics.expose("application/openmetrics-text")
    families = openmetrics.text_string_to_metric_families(page.decode())  # type: ignore[no-untyped-call] # the library's
    return [each for family in families for each in family.samples if each.name == name]


def total(watch: Watch, name: str) -> float:
    return sum(each.value for each in samples(watch, name))


def arrivals(watch: Watch) -> list[Arrival]:
    with watch.runtime.database.read() as connection:
        return load_arrivals(connection, FLOW, watch.firm.clock() - RECENT)


def test_every_arrival_is_counted_once_and_its_trace_is_the_example(
    sqlite_database: Database,
) -> None:
    with watched(sqlite_database, seed=1, deals=60) as watch:
        prepare(watch)
        watch.look()
        jobs.count_indicators(watch.estate, watch.runtime)
        assert total(watch, ARRIVED) == 0  # what was there before it began is history
        for hours in (14, 9):
            watch.firm.advance(timedelta(hours=hours))
            watch.look()
            jobs.count_indicators(watch.estate, watch.runtime)
        new = arrivals(watch)
        assert new
        assert total(watch, ARRIVED) == total(watch, TAKEN) == len(new)
        late = [each for each in new if each.arrived_at > each.due_at]
        counted = [each for each in samples(watch, ARRIVED) if each.labels["outcome"] == "late"]
        assert sum(each.value for each in counted) == len(late)

        examples = samples(watch, "tieout_hand_off_duration_seconds_bucket")
        traces = {each.exemplar.labels["trace_id"] for each in examples if each.exemplar}
        assert traces
        assert traces <= {trace_id_of(FLOW, each.transaction).hex() for each in new}

        watch.runtime.arrivals.by_flow.clear()  # as in a process that begins anew
        jobs.count_indicators(watch.estate, watch.runtime)
        assert total(watch, ARRIVED) == len(new)
