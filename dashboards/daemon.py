"""Daemon internals: does tieout itself keep up, and does it reach people?"""

from dashboards.headlines import LANDSCAPE_LOADED, SINCE_LAST_CYCLE
from dashboards.panels import Dashboard, Panel, PanelType, Query, Row
from dashboards.queries import increase, of, quantile
from monitor.core.catalogue import (
    BUILD_INFO,
    CONFIG_RELOAD_SUCCESS,
    CYCLE_DURATION,
    CYCLE_INTERVAL,
    DELIVERY_FAILURES,
    NOTICES,
    OLDEST_NOTICE,
    OUTBOX_DEPTH,
    STORE_FREE,
    STORE_SIZE,
    TOUCHED_DEPTH,
    WATCH_INTERVAL,
    WATCH_LAST_SUCCESS,
)
from monitor.core.indicator_metrics import INDICATORS_LAST_SUCCESS

_RUNS = Row(
    "Does it run?",
    (
        Panel(
            "Version",
            "Which version runs.",
            PanelType.STAT,
            "none",
            (Query(f"max by (version) ({of(BUILD_INFO)})", "{{version}}"),),
            width=6,
            height=5,
            is_word=True,
        ),
        LANDSCAPE_LOADED,
        Panel(
            "Landscape runs for",
            "Time since the running landscape was loaded.",
            PanelType.STAT,
            "s",
            (Query(f"time() - max({of(CONFIG_RELOAD_SUCCESS)})", "since it was loaded"),),
            width=6,
            height=5,
        ),
        SINCE_LAST_CYCLE,
    ),
)

_KEEPS_UP = Row(
    "Does it keep up?",
    (
        Panel(
            "Cycle duration",
            "How long cycles take, against how often they are due. It follows the"
            " change, not the size of the estate.",
            PanelType.TIME_SERIES,
            "s",
            (
                Query(quantile(0.5, of(CYCLE_DURATION, suffix="_bucket")), "half of them"),
                Query(quantile(0.95, of(CYCLE_DURATION, suffix="_bucket")), "95 of 100"),
                Query(f"max({of(CYCLE_INTERVAL)})", "due every"),
            ),
        ),
        Panel(
            "Transactions waiting",
            "Touched transactions that no cycle has looked at yet.",
            PanelType.TIME_SERIES,
            "short",
            (Query(f"max({of(TOUCHED_DEPTH)})", "waiting"),),
        ),
        Panel(
            "Watches",
            "Age in looks: how many times its own interval ago each watch last"
            " looked. Above 3 it is late.",
            PanelType.TIME_SERIES,
            "short",
            (
                Query(
                    f"(time() - max by (watch) ({of(WATCH_LAST_SUCCESS)}))"
                    f" / max by (watch) ({of(WATCH_INTERVAL)})",
                    "{{watch}}",
                ),
            ),
        ),
        Panel(
            "Indicators",
            "Time since business indicators were last counted.",
            PanelType.TIME_SERIES,
            "s",
            (Query(f"time() - max({of(INDICATORS_LAST_SUCCESS)})", "since they were counted"),),
        ),
    ),
)

_ROOM = Row(
    "Does it have room?",
    (
        Panel(
            "Store",
            "What the database takes.",
            PanelType.TIME_SERIES,
            "bytes",
            (Query(f"max({of(STORE_SIZE)})", "store"),),
        ),
        Panel(
            "Room left",
            "On the disk that holds the store's file. A database server keeps that to itself.",
            PanelType.TIME_SERIES,
            "bytes",
            (Query(f"min({of(STORE_FREE)})", "left"),),
        ),
    ),
)

_REACHES = Row(
    "Does it reach people?",
    (
        Panel(
            "Outbox",
            "Notices that are not delivered. Dead ones were refused for good: see the reason.",
            PanelType.TIME_SERIES,
            "short",
            (Query(f"max by (state) ({of(OUTBOX_DEPTH)})", "{{state}}"),),
        ),
        Panel(
            "Oldest notice",
            "For how long the oldest notice that is not delivered has been waiting.",
            PanelType.TIME_SERIES,
            "s",
            (Query(f"time() - min by (state) ({of(OLDEST_NOTICE)})", "{{state}}"),),
        ),
        Panel(
            "Deliveries",
            "Tries to deliver notices, by what became of them.",
            PanelType.TIME_SERIES,
            "short",
            (
                Query(
                    f"sum by (channel, outcome) ({increase(of(NOTICES))})",
                    "{{channel}} {{outcome}}",
                ),
            ),
        ),
        Panel(
            "Failed deliveries",
            "Why notices could not be delivered.",
            PanelType.TIME_SERIES,
            "short",
            (
                Query(
                    f"sum by (channel, reason) ({increase(of(DELIVERY_FAILURES))}) > 0",
                    "{{channel}} {{reason}}",
                ),
            ),
        ),
    ),
)

DAEMON = Dashboard(
    uid="tieout-daemon",
    title="tieout / Daemon internals",
    description="Whether tieout runs, keeps up, has room, and gets its notices through.",
    rows=(
        _RUNS,
        _KEEPS_UP,
        _ROOM,
        _REACHES,
    ),
)
