"""Does tieout itself run, keep up, and reach people?"""

from dashboards.rules.rule import Alert, Group, Level, Owner, Page, Recording
from monitor.core.catalogue import (
    BUILD_INFO,
    CONFIG_RELOADED,
    CYCLE_DURATION,
    CYCLE_INTERVAL,
    CYCLE_LAST_SUCCESS,
    DELIVERY_FAILURES,
    NOTICES,
    OLDEST_NOTICE,
    SAMPLE_FAILURES,
    STORE_FREE,
    TOUCHED_DEPTH,
    WATCH_INTERVAL,
    WATCH_LAST_SUCCESS,
)
from monitor.core.errors import Reason
from monitor.core.indicator_metrics import INDICATORS_LAST_SUCCESS
from monitor.core.metric_types import NoticeOutcome

CYCLE_P95 = "job:tieout_cycle_duration_seconds:p95_rate15m"
CYCLE_AGE = "job:tieout_cycle_age_seconds:min"

MIN_FREE = 1024**3
"""Bytes of disk below which a store's file may soon not grow any more."""

RECORDED = Group(
    "tieout-daemon-recorded",
    (
        Recording(
            CYCLE_P95,
            "histogram_quantile(\n"
            f"  0.95, sum by (job, le) (rate({CYCLE_DURATION.name}_bucket[15m]))\n)",
        ),
        Recording(CYCLE_AGE, f"time() - max by (job) ({CYCLE_LAST_SUCCESS.name})"),
    ),
)

ALERTS = Group(
    "tieout-daemon",
    (
        Alert(
            "TieoutWatchdog",
            "vector(1)",
            "Alerts reach whoever should hear them",
            "Fires always. Send it to a dead man's switch outside: when it stops, Prometheus,"
            " Alertmanager or the way between them is broken.",
            Level.NONE,
            Owner.OPERATIONS,
            Page.DAEMON,
        ),
        Alert(
            "TieoutAbsent",
            f"absent({BUILD_INFO.name})",
            "No tieout is running that Prometheus can see",
            "Nobody looks at any deal. Breaks happen unseen until it runs again.",
            Level.CRITICAL,
            Owner.OPERATIONS,
            Page.DAEMON,
            "5m",
        ),
        Alert(
            "TieoutCycleLate",
            f"{CYCLE_AGE} > 3 * max by (job) ({CYCLE_INTERVAL.name}) + 120",
            "The last complete cycle ended {{ $value | humanizeDuration }} ago",
            "What was sampled since then is not compared: no break opens, none resolves.",
            Level.CRITICAL,
            Owner.OPERATIONS,
            Page.DAEMON,
            "2m",
        ),
        Alert(
            "TieoutCycleOverrun",
            f"{CYCLE_P95} > max by (job) ({CYCLE_INTERVAL.name})",
            "One cycle in twenty takes longer than {{ $value | humanizeDuration }}",
            "Cycles take longer than the time between them, so answers come later and later.",
            Level.WARNING,
            Owner.OPERATIONS,
            Page.DAEMON,
            "15m",
        ),
        Alert(
            "TieoutBacklogGrows",
            f"max by (job) (min_over_time({TOUCHED_DEPTH.name}[30m])) > 0\n"
            f"and max by (job) (deriv({TOUCHED_DEPTH.name}[30m])) > 0",
            "{{ $value }} changed transactions or more have been waiting for half an hour",
            "More changes come in than are looked at. New breaks are found late.",
            Level.WARNING,
            Owner.OPERATIONS,
            Page.DAEMON,
            "15m",
        ),
        Alert(
            "TieoutWatchLate",
            f"time() - max by (job, watch) ({WATCH_LAST_SUCCESS.name})\n"
            f"  > 3 * max by (job, watch) ({WATCH_INTERVAL.name}) + 300",
            "The watch {{ $labels.watch }} last looked {{ $value | humanizeDuration }} ago",
            "What it would notice, nobody notices: a needed stream is blind, or it fails.",
            Level.WARNING,
            Owner.OPERATIONS,
            Page.DAEMON,
            "5m",
        ),
        Alert(
            "TieoutLandscapeRefused",
            f"min by (job, instance) ({CONFIG_RELOADED.name}) == 0",
            "{{ $labels.instance }} refused the landscape that it was told to load",
            "The one before it runs on. What was changed in the file does not hold yet.",
            Level.WARNING,
            Owner.OPERATIONS,
            Page.DAEMON,
            "5m",
        ),
        Alert(
            "TieoutIndicatorsStale",
            f"time() - max by (job) ({INDICATORS_LAST_SUCCESS.name}) > 600",
            "Business indicators were last counted {{ $value | humanizeDuration }} ago",
            "Overdue hand-offs and delayed revenue are shown as they were then.",
            Level.WARNING,
            Owner.OPERATIONS,
            Page.DAEMON,
            "5m",
        ),
        Alert(
            "TieoutStoreFailing",
            f"sum by (job)"
            f' (increase({SAMPLE_FAILURES.name}{{reason="{Reason.STORE.value}"}}[15m])) > 0',
            "The store does not take what was sampled",
            "Looks are lost and repeated. Corrections are not begun while intents cannot be kept.",
            Level.CRITICAL,
            Owner.OPERATIONS,
            Page.DAEMON,
            "5m",
        ),
        Alert(
            "TieoutStoreDiskFilling",
            f"max by (job) (predict_linear({STORE_FREE.name}[6h], 4 * 86400)) < 0",
            "The disk of the store is full within four days, if it goes on like this",
            "A full disk stops corrections first, and then everything.",
            Level.WARNING,
            Owner.OPERATIONS,
            Page.DAEMON,
            "1h",
        ),
        Alert(
            "TieoutStoreDiskFull",
            f"min by (job) ({STORE_FREE.name}) < {MIN_FREE}",
            "The disk of the store has {{ $value | humanize1024 }}B left",
            "When nothing is left nothing can be written: no break, no intent, no notice.",
            Level.CRITICAL,
            Owner.OPERATIONS,
            Page.DAEMON,
            "5m",
        ),
    ),
)

DELIVERY = Group(
    "tieout-delivery",
    (
        Alert(
            "TieoutNoticesRefused",
            f"sum by (job, channel)"
            f' (increase({NOTICES.name}{{outcome="{NoticeOutcome.DEAD.value}"}}[1h])) > 0',
            "The channel {{ $labels.channel }} refused notices for good",
            "People were not told of breaks. The notices are kept and are not tried again.",
            Level.CRITICAL,
            Owner.OPERATIONS,
            Page.DAEMON,
        ),
        Alert(
            "TieoutDeliveryFailing",
            f"sum by (job, channel) (increase({DELIVERY_FAILURES.name}[15m])) > 0\n"
            "unless\n"
            f"  sum by (job, channel)"
            f' (increase({NOTICES.name}{{outcome="{NoticeOutcome.SENT.value}"}}[15m])) > 0',
            "Nothing gets through to the channel {{ $labels.channel }}",
            "Notices wait and are tried again; people hear of breaks late.",
            Level.WARNING,
            Owner.OPERATIONS,
            Page.DAEMON,
            "10m",
        ),
        Alert(
            "TieoutOutboxStuck",
            f'time() - min by (job) ({OLDEST_NOTICE.name}{{state=~"pending|sending"}}) > 900',
            "A notice has been waiting for {{ $value | humanizeDuration }}",
            "A channel is down, or nobody delivers. Breaks stand that nobody was told of.",
            Level.CRITICAL,
            Owner.OPERATIONS,
            Page.DAEMON,
            "5m",
        ),
    ),
)
