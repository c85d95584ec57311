"""The daemon: which job runs when, and what a reload changes.

Long jobs (looks at sources) and short ones (cycle, delivery, gauges) have pools of their own, so
that a slow source never delays detection, nor a slow channel sampling.
"""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from monitor import jobs
from monitor.core import catalogue as shown
from monitor.core.errors import TieoutError
from monitor.core.metrics import KnownNames
from monitor.delivery import recover
from monitor.estate import Estate, Source
from monitor.jobs import Runtime
from monitor.preparation import prepare_store

log = structlog.get_logger(__name__)

DELIVERY_EVERY = timedelta(seconds=1)
METRICS_EVERY = timedelta(seconds=5)
LOOKS_AT_A_TIME = 8


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
        self.estate = build()
        self._build = build
        self._reloading = threading.Lock()
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={
                "default": ThreadPoolExecutor(4),
                "looks": ThreadPoolExecutor(LOOKS_AT_A_TIME),
            },
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )

    def start(self) -> None:
        """Settle what a crash left, then run every job on its schedule."""
        recover(self.estate.channels, self.runtime.database, self.runtime.clock)
        self._take_over(self.estate)
        self._scheduler.start()

    def stop(self) -> None:
        """Let running jobs finish, then let go of connections."""
        self._scheduler.shutdown(wait=True)
        self.estate.close()

    def reload(self) -> TieoutError | None:
        """Swap in the landscape as it is now; a bad one leaves the old one running.

        Returns:
            Why the landscape was refused; None where it was taken over.
        """
        with self._reloading:
            try:
                estate = self._build()
            except TieoutError as error:
                log.error("reload refused", reason=error.reason, error=str(error))
                self.runtime.metrics.set(shown.CONFIG_RELOADED, 0)
                return error
            before, self.estate = self.estate, estate
            self._take_over(estate)
            before.close()
            log.info("landscape reloaded")
            return None

    def _take_over(self, estate: Estate) -> None:
        metrics, now = self.runtime.metrics, self.runtime.clock()
        prepare_store(estate, self.runtime.database, now)
        metrics.prepare(
            KnownNames(
                systems=tuple(estate.probes),
                streams=tuple(estate.sources),
                flows=tuple(flow.name for flow in estate.flows),
                channels=tuple(estate.channels),
            )
        )
        metrics.set(shown.CONFIG_RELOADED, 1)
        metrics.set(shown.CONFIG_RELOAD_SUCCESS, now.timestamp())
        self._schedule(estate)

    def _schedule(self, estate: Estate) -> None:
        self._scheduler.remove_all_jobs()
        for source in estate.sources.values():
            self._repeat(jobs.sample_stream, source.settings.every, source)
            if source.settings.deletes.kind == "sweep" and source.settings.cursor is not None:
                self._repeat(jobs.sweep_stream, source.settings.deletes.every, source)
        self._repeat(jobs.settle_cycle, estate.every)
        self._repeat(jobs.deliver_notices, DELIVERY_EVERY)
        self._repeat(jobs.refresh_metrics, METRICS_EVERY)

    def _repeat(
        self, job: Callable[..., Any], every: timedelta, source: Source | None = None
    ) -> None:
        where = () if source is None else (source.id,)
        self._scheduler.add_job(
            job,
            "interval",
            seconds=max(every.total_seconds(), 0.1),
            args=(self.estate, self.runtime, *where),
            id=".".join((job.__name__, *(str(stream) for stream in where))),
            executor="default" if source is None else "looks",
            next_run_time=datetime.now(UTC),
        )
