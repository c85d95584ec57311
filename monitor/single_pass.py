"""One complete pass without a daemon: sample everything, settle, deliver."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby

from monitor import jobs
from monitor.core.breaks import Transition
from monitor.core.model import StreamId
from monitor.core.sight import Blindness
from monitor.estate import Estate, Source
from monitor.jobs import Runtime
from monitor.preparation import prepare_store
from monitor.sampling import Look
from monitor.sight import see

ROUNDS = 2
"""A suspicion at a source that cannot be asked by key needs a second complete look."""

Progress = Callable[[Look], None]


@dataclass(frozen=True, slots=True)
class Pass:
    """What one pass did.

    Attributes:
        looks: one a stream and round.
        looked_at: transactions.
        transitions: what happened to breaks.
        blind: streams that could not be seen, and why.
        failed: the store failed, so that the rest is not complete.
    """

    looks: tuple[Look, ...]
    looked_at: int
    transitions: tuple[Transition, ...]
    blind: dict[StreamId, Blindness]
    failed: bool


def pass_once(estate: Estate, runtime: Runtime, progress: Progress = lambda _: None) -> Pass:
    """Sample every stream, sweep for deletes, settle what changed, look around, deliver.

    Nothing is corrected; what was, and did not come to an end, is looked after.
    """
    prepare_store(estate, runtime.database, runtime.clock())
    jobs.look_after_corrections(estate, runtime)
    looks: list[Look] = []
    transitions: list[Transition] = []
    looked_at, failed = 0, False
    for _ in range(ROUNDS):
        looks += _look_everywhere(estate, runtime, progress)
        done = jobs.settle_cycle(estate, runtime)
        failed = done is None
        if done is None:
            break
        looked_at += done.looked_at
        transitions += done.transitions
        if not done.awaiting:
            break
    for lookout in estate.lookouts if not failed else ():
        steps = jobs.keep_watch(estate, runtime, lookout, at_once=True)
        failed = failed or steps is None
        transitions += steps or ()
    jobs.refresh_metrics(estate, runtime)
    jobs.count_indicators(estate, runtime)
    while any(each.failure is None for each in jobs.deliver_notices(estate, runtime)):
        pass
    blind = dict(see(estate, runtime.database, runtime.clock()).blind)
    return Pass(tuple(looks), looked_at, tuple(transitions), blind, failed)


def _look_everywhere(estate: Estate, runtime: Runtime, progress: Progress) -> list[Look]:
    """Systems side by side, the streams of one system one after another."""
    ordered = sorted(estate.sources.values(), key=lambda source: source.id)
    systems = [list(group) for _, group in groupby(ordered, key=lambda source: source.id.system)]

    def look_at_system(sources: Sequence[Source]) -> list[Look]:
        return list(_look_at(sources, estate, runtime, progress))

    with ThreadPoolExecutor(max(len(systems), 1)) as pool:
        return [look for looks in pool.map(look_at_system, systems) for look in looks]


def _look_at(
    sources: Iterable[Source], estate: Estate, runtime: Runtime, progress: Progress
) -> Iterable[Look]:
    for source in sources:
        look = jobs.sample_stream(estate, runtime, source.id)
        progress(look)
        yield look
        by_sweep = source.settings.deletes.kind == "sweep" and source.settings.cursor is not None
        if by_sweep and look.failure is None:
            yield jobs.sweep_stream(estate, runtime, source.id)
