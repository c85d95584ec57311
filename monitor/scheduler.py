"""The daemon: which job runs when, and what a reload changes.

Each system's looks have a pool of their own, apart from the short jobs (cycle, delivery, gauges):
a slow source delays neither detection nor another source, and a slow channel no sampling.
"""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from monitor import jobs
from monitor.answering.desk import AnsweringDesk
from monitor.core import catalogue as shown
from monitor.core.errors import TieoutError
from monitor.delivery import recover
from monitor.estate import Estate, Lookout, Source
from monitor.exposition import known_names
from monitor.jobs import Runtime
from monitor.preparation import prepare_store
from monitor.tenancy import Tenancy

if TYPE_CHECKING:
    from monitor.answering.sockets import SocketDoors

log = structlog.get_logger(__name__)

DELIVERY_EVERY = timedelta(seconds=1)
METRICS_EVERY = timedelta(seconds=5)
INDICATORS_EVERY = timedelta(seconds=30)
"""They move with whole deals. Counting them costs by the deals of their period."""
TRACES_EVERY = timedelta(seconds=15)
WATCH_TICK = timedelta(seconds=15)
"""How often it is asked whether a watch is due. When it looks is kept in the store, so that
neither a restart nor a reload begins the wait anew."""

WATCHES = "watches"
"""The pool of watches: one at a time, because each may hold whole streams in memory."""

CORRECTIONS = "corrections"
"""The pool of corrections: one turn at a time, however long the targets take to answer."""

DOORS_EVERY = timedelta(seconds=10)
DOORS = "doors"
"""The pool that keeps connections open through which people answer."""

HEARTBEAT = "heartbeat"
"""The pool of the heartbeat: a slow switch outside delays nothing inside."""

LOOKS_AT_A_TIME = 4
"""At one system; its budget may allow fewer."""

PATIENCE = timedelta(seconds=5)
"""How long a stop waits for jobs at work. What they leave undone is repeated at the next start."""


class Daemon:
    """Runs the jobs of one estate at a time; a reload swaps the estate whole."""

    def __init__(self, runtime: Runtime, build: Callable[[], Estate]) -> None:
        """Nothing runs yet.

        Args:
            runtime: store, metrics and clock; they outlive a reload.
            build: reads the landscape and builds it anew; raises TieoutError if it is bad.

        Raises:
            TieoutError: the first landscape is bad.
        """
        self.runtime = runtime
        self._tenancy = Tenancy(build())
        self._build = build
        self.answering = AnsweringDesk(lambda: self.estate, runtime)
        self._doors: SocketDoors | None = None
        self._reloading = threading.Lock()
        self._pools: set[str] = set()
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={
                "default": ThreadPoolExecutor(4),
                WATCHES: ThreadPoolExecutor(1),
                CORRECTIONS: ThreadPoolExecutor(1),
                HEARTBEAT: ThreadPoolExecutor(1),
                DOORS: ThreadPoolExecutor(1),
            },
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )

    @property
    def estate(self) -> Estate:
        """The estate that runs now."""
        return self._tenancy.estate

    def start(self) -> None:
        """Settle what a crash left, then run every job on its schedule.

        Raises:
            Transient, Permanent: the store failed; nothing runs.
        """
        recover(self.estate.channels, self.runtime.database, self.runtime.clock)
        self._take_over(self._tenancy)
        self._scheduler.start()

    def stop(self, patience: timedelta = PATIENCE) -> bool:
        """Begin no more jobs, and let those at work finish.

        Args:
            patience: how long to wait for them.

        Returns:
            Whether they have; a look at a slow source may not.
        """
        self._tenancy.end()
        if self._doors is not None:
            self._doors.close()
        self.answering.close()
        ending = threading.Thread(target=self._scheduler.shutdown, daemon=True)
        ending.start()
        ending.join(patience.total_seconds())
        return not ending.is_alive()

    def reload(self) -> TieoutError | None:
        """Swap in the landscape as it is now; a bad one leaves the old one running.

        Returns:
            Why the landscape was refused; None where it was taken over.
        """
        with self._reloading:
            try:
                self._replace(self._build())
            except TieoutError as error:
                log.error("reload refused", reason=error.reason, error=str(error))
                self.runtime.metrics.set(shown.CONFIG_RELOADED, 0)
                return error
            log.info("landscape reloaded")
            return None

    def _replace(self, estate: Estate) -> None:
        before, after = self._tenancy, Tenancy(estate)
        try:
            self._take_over(after)
        except TieoutError:
            after.end()
            raise
        self._tenancy = after
        before.end()

    def _take_over(self, tenancy: Tenancy) -> None:
        estate, metrics, now = tenancy.estate, self.runtime.metrics, self.runtime.clock()
        prepare_store(estate, self.runtime.database, now)
        metrics.prepare(known_names(estate))
        metrics.set(shown.CONFIG_RELOADED, 1)
        metrics.set(shown.CONFIG_RELOAD_SUCCESS, now.timestamp())
        self._schedule(tenancy)

    def _schedule(self, tenancy: Tenancy) -> None:
        estate = tenancy.estate
        self._scheduler.remove_all_jobs()
        for system in estate.probes.keys() - self._pools:
            self._scheduler.add_executor(ThreadPoolExecutor(LOOKS_AT_A_TIME), _pool_of(system))
            self._pools.add(system)
        for source in estate.sources.values():
            self._repeat(tenancy, jobs.sample_stream, source.settings.every, source)
            if source.settings.deletes.kind == "sweep" and source.settings.cursor is not None:
                self._repeat(tenancy, jobs.sweep_stream, source.settings.deletes.every, source)
        for lookout in estate.lookouts:
            every = min(lookout.every, WATCH_TICK)
            self._repeat(tenancy, jobs.keep_watch, every, lookout)
        self._repeat(tenancy, jobs.settle_cycle, estate.every)
        self._repeat(tenancy, jobs.correct, estate.every, pool=CORRECTIONS)
        self._repeat(tenancy, jobs.deliver_notices, DELIVERY_EVERY)
        self._repeat(tenancy, jobs.refresh_metrics, METRICS_EVERY)
        if estate.evidence is not None:
            self._repeat(tenancy, jobs.sign_audit_log, estate.evidence.every)
        if estate.heartbeat is not None:
            self._repeat(tenancy, jobs.beat_heart, estate.heartbeat.every, pool=HEARTBEAT)
        self._repeat(tenancy, jobs.count_indicators, INDICATORS_EVERY)
        if estate.traces is not None:
            self._repeat(tenancy, jobs.export_traces, TRACES_EVERY)
        if self._doors is not None or any_door(estate):
            self._repeat(tenancy, self._keep_doors, DOORS_EVERY, pool=DOORS)

    def _keep_doors(self, estate: Estate, _runtime: Runtime) -> None:
        """Connections stand as the landscape asks for them."""
        if self._doors is None:
            from monitor.answering.sockets import (  # noqa: PLC0415 - few landscapes need it
                SocketDoors,
            )

            self._doors = SocketDoors(self.answering)
        self._doors.follow(estate)

    def _repeat(
        self,
        tenancy: Tenancy,
        job: Callable[..., Any],
        every: timedelta,
        about: Source | Lookout | None = None,
        pool: str = "default",
    ) -> None:
        where, pool, name = _place(about, pool)
        self._scheduler.add_job(
            tenancy.lend,
            "interval",
            seconds=max(every.total_seconds(), 0.1),
            args=(_as_trace(job, name), self.runtime, *where),
            # The same over a reload: a look waits for the one before it to end.
            id=f"{job.__name__}{name}",
            name=f"{job.__name__}{name}",
            executor=pool,
            next_run_time=datetime.now(UTC),
        )


def any_door(estate: Estate) -> bool:
    """Whether some channel is answered through a connection that tieout opens."""
    return any(getattr(each, "has_socket", False) for each in estate.channels.values())


def _as_trace(job: Callable[..., Any], name: str) -> Callable[..., Any]:
    return jobs.traced(job, name.removeprefix(".")) if job in jobs.TRACED else job


def _place(about: Source | Lookout | None, pool: str) -> tuple[tuple[Any, ...], str, str]:
    """What a job gets beside the estate, the pool that it runs in, and its name's end.

    What is about nothing runs in the given pool.
    """
    match about:
        case Source():
            return (about.id,), _pool_of(about.id.system), f".{about.id}"
        case Lookout():
            return (about,), WATCHES, f".{about.watch.name}"
        case None:
            return (), pool, ""


def _pool_of(system: str) -> str:
    return f"looks at {system}"
