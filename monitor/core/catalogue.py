"""The metrics catalogue: every series that tieout exposes, declared once.

The registry, the reference page and the dashboards' tests all read this list. Names follow the
Prometheus naming rules (base units, `_total`, `_info`, `_timestamp_seconds`). Every label says
what bounds it; keys, names of deals and amounts never become labels.
"""

from monitor.core.breaks import BreakKind, Severity, TransitionKind
from monitor.core.corrections import CorrectionState, Guard, PlanState
from monitor.core.errors import Reason
from monitor.core.incident_metrics import INCIDENT_METRICS
from monitor.core.indicator_metrics import (
    BILLING_EXCEPTIONS,
    BREAKS_BY_AGE,
    DEALS_MATCHED,
    DEALS_VISIBLE,
    DUPLICATES,
    HAND_OFF_DURATION,
    HAND_OFF_TIME,
    HAND_OFF_VALUE_AT_RISK,
    HAND_OFFS_ARRIVED,
    HAND_OFFS_OVERDUE,
    HAND_OFFS_TOUCHLESS,
    INDICATORS_LAST_SUCCESS,
    RECOVERY_TIME,
    REVENUE_DELAYED,
    SET_UP_TIME,
    TIME_SAVED,
)
from monitor.core.metric_types import (
    Bound,
    Budget,
    CorrectionOutcome,
    Label,
    Metric,
    MetricType,
    NoticeOutcome,
    OutboxState,
    SampleOutcome,
)
from monitor.core.transactions import TransactionStatus

_SOURCE = Label("source", Bound.SOURCES)
_STREAM = Label("stream", Bound.STREAMS)
_CHANNEL = Label("channel", Bound.CHANNELS)
_REASON = Label("reason", Reason)
_GAUGE, _COUNTER, _HISTOGRAM = MetricType.GAUGE, MetricType.COUNTER, MetricType.HISTOGRAM
_SECONDS, _FLAG = "seconds", "1 yes, 0 no"

SOURCE_UP = Metric(
    "tieout_source_up",
    _GAUGE,
    _FLAG,
    "Whether the last call to the source succeeded.",
    (_SOURCE,),
)
SOURCE_LAST_SUCCESS = Metric(
    "tieout_source_last_success_timestamp_seconds",
    _GAUGE,
    "seconds since 1970",
    "When the last complete look at the stream ended.",
    (_SOURCE, _STREAM),
)
SOURCE_BLIND = Metric(
    "tieout_source_blind",
    _GAUGE,
    _FLAG,
    "Whether answers that need the stream are unknown, because it could not be looked at.",
    (_SOURCE, _STREAM),
)
SOURCE_INTERVAL = Metric(
    "tieout_source_interval_seconds",
    _GAUGE,
    _SECONDS,
    "How often the landscape has the stream looked at.",
    (_SOURCE, _STREAM),
)
RECORDS_SAMPLED = Metric(
    "tieout_records_sampled_total",
    _COUNTER,
    "records",
    "Rows that the source sent, by what became of them.",
    (_SOURCE, _STREAM, Label("outcome", SampleOutcome)),
)
CALLS = Metric(
    "tieout_calls_total",
    _COUNTER,
    "calls",
    "Calls made to the source, repeated tries included.",
    (_SOURCE,),
)
CALLS_REMAINING = Metric(
    "tieout_calls_remaining",
    _GAUGE,
    "calls",
    "Calls that the budget still allows.",
    (_SOURCE, Label("budget", Budget)),
)
SAMPLE_FAILURES = Metric(
    "tieout_sample_failures_total",
    _COUNTER,
    "looks",
    "Looks at a stream of the source that ended early.",
    (_SOURCE, _REASON),
)
SAMPLE_DURATION = Metric(
    "tieout_sample_duration_seconds",
    _HISTOGRAM,
    _SECONDS,
    "How long one look at one stream of the source took.",
    (_SOURCE,),
    (0.1, 0.5, 2.0, 10.0, 60.0, 300.0),
)
CYCLE_DURATION = Metric(
    "tieout_cycle_duration_seconds",
    _HISTOGRAM,
    _SECONDS,
    "How long one cycle over the touched transactions took.",
    (),
    (0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0),
)
CYCLE_LAST_SUCCESS = Metric(
    "tieout_cycle_last_success_timestamp_seconds",
    _GAUGE,
    "seconds since 1970",
    "When the last complete cycle ended.",
)
CYCLE_INTERVAL = Metric(
    "tieout_cycle_interval_seconds",
    _GAUGE,
    _SECONDS,
    "How often the landscape has touched transactions looked at.",
)
WATCH_LAST_SUCCESS = Metric(
    "tieout_watch_last_success_timestamp_seconds",
    _GAUGE,
    "seconds since 1970",
    "When the watch last looked at all that it needs.",
    (Label("watch", Bound.WATCHES),),
)
WATCH_INTERVAL = Metric(
    "tieout_watch_interval_seconds",
    _GAUGE,
    _SECONDS,
    "How often the landscape has the watch look.",
    (Label("watch", Bound.WATCHES),),
)
BREAKS_OPEN = Metric(
    "tieout_breaks_open",
    _GAUGE,
    "breaks",
    "Breaks that stand and that people hear of: confirmed, not resolved, not ignored.",
    (Label("kind", BreakKind), Label("system", Bound.SOURCES), Label("severity", Severity)),
)
BREAKS_SUPPRESSED = Metric(
    "tieout_breaks_suppressed",
    _GAUGE,
    "breaks",
    "Breaks that stand and that somebody ignores for now.",
    (Label("kind", BreakKind), Label("system", Bound.SOURCES), Label("severity", Severity)),
)
OLDEST_BREAK = Metric(
    "tieout_oldest_break_timestamp_seconds",
    _GAUGE,
    "seconds since 1970",
    "When the oldest break that stands and that people hear of was opened; no series without one.",
    (Label("severity", Severity),),
)
VALUE_AT_RISK = Metric(
    "tieout_value_at_risk",
    _GAUGE,
    "currency units",
    "Money that depends on the breaks that stand.",
    (Label("currency", Bound.CURRENCIES),),
)
TRANSACTIONS = Metric(
    "tieout_transactions",
    _GAUGE,
    "transactions",
    "Transactions by what the last look at them said.",
    (Label("flow", Bound.FLOWS), Label("status", TransactionStatus)),
)
BREAK_TRANSITIONS = Metric(
    "tieout_break_transitions_total",
    _COUNTER,
    "transitions",
    "Steps in the lives of breaks.",
    (Label("kind", TransitionKind),),
)
CONFIG_RELOADED = Metric(
    "tieout_config_last_reload_successful",
    _GAUGE,
    _FLAG,
    "Whether the last try to load the landscape succeeded; after a failure the old one runs on.",
)
CONFIG_RELOAD_SUCCESS = Metric(
    "tieout_config_last_reload_success_timestamp_seconds",
    _GAUGE,
    "seconds since 1970",
    "When the running landscape was loaded.",
)
OUTBOX_DEPTH = Metric(
    "tieout_outbox_depth",
    _GAUGE,
    "notices",
    "Notices that are not delivered.",
    (Label("state", OutboxState),),
)
OLDEST_NOTICE = Metric(
    "tieout_oldest_notice_timestamp_seconds",
    _GAUGE,
    "seconds since 1970",
    "When the oldest notice that is not delivered was written; no series without one.",
    (Label("state", OutboxState),),
)
STORE_SIZE = Metric(
    "tieout_store_size_bytes",
    _GAUGE,
    "bytes",
    "What the store's database takes.",
)
STORE_FREE = Metric(
    "tieout_store_free_bytes",
    _GAUGE,
    "bytes",
    "Room left on the disk that holds the store's file; no series for a database server.",
)
TOUCHED_DEPTH = Metric(
    "tieout_touched_depth",
    _GAUGE,
    "transactions",
    "Transactions that wait to be looked at.",
)
QUARANTINE_DEPTH = Metric(
    "tieout_quarantine_depth",
    _GAUGE,
    "records",
    "Rows set aside because they could not become records.",
    (_SOURCE, _STREAM),
)
NOTICES = Metric(
    "tieout_notices_total",
    _COUNTER,
    "tries",
    "Tries to deliver a notice, by what became of them.",
    (_CHANNEL, Label("outcome", NoticeOutcome)),
)
DELIVERY_FAILURES = Metric(
    "tieout_delivery_failures_total",
    _COUNTER,
    "tries",
    "Tries to deliver a notice that failed.",
    (_CHANNEL, _REASON),
)

_FLOW = Label("flow", Bound.FLOWS)

PLANS = Metric(
    "tieout_plans",
    _GAUGE,
    "plans",
    "Plans of corrections that were ever kept, by where they are.",
    (Label("state", PlanState),),
)
CORRECTIONS = Metric(
    "tieout_corrections",
    _GAUGE,
    "corrections",
    "Corrections that were ever planned and kept, by where they are.",
    (Label("state", CorrectionState),),
)
CORRECTIONS_ENDED = Metric(
    "tieout_corrections_ended_total",
    _COUNTER,
    "corrections",
    "Corrections that came to an end, by how: read back as intended, or not.",
    (Label("outcome", CorrectionOutcome),),
)
CORRECTIONS_REFUSED = Metric(
    "tieout_corrections_refused",
    _GAUGE,
    "breaks",
    "Breaks that are not corrected, by the guard that last refused it.",
    (Label("guard", Guard),),
)
CORRECTIONS_HALTED = Metric(
    "tieout_corrections_halted",
    _GAUGE,
    _FLAG,
    "Whether the kill switch is on, so that nothing is written.",
)
BREAKER_OPEN = Metric(
    "tieout_breaker_open",
    _GAUGE,
    _FLAG,
    "Whether nothing is written to the system for a while, because writes to it failed in a row.",
    (_SOURCE,),
)
REPAIR_DURATION = Metric(
    "tieout_repair_duration_seconds",
    _HISTOGRAM,
    _SECONDS,
    "How long it took from the opening of a break until its correction was verified.",
    (_FLOW,),
    (15.0, 60.0, 300.0, 1800.0, 7200.0, 28800.0, 86400.0, 604800.0),
)
BUILD_INFO = Metric(
    "tieout_build_info",
    MetricType.INFO,
    "always 1",
    "The version that runs.",
    (Label("version", Bound.VERSIONS),),
)

CATALOGUE: tuple[Metric, ...] = (
    SOURCE_UP,
    SOURCE_LAST_SUCCESS,
    SOURCE_BLIND,
    SOURCE_INTERVAL,
    RECORDS_SAMPLED,
    CALLS,
    CALLS_REMAINING,
    SAMPLE_FAILURES,
    SAMPLE_DURATION,
    CYCLE_DURATION,
    CYCLE_LAST_SUCCESS,
    CYCLE_INTERVAL,
    WATCH_LAST_SUCCESS,
    WATCH_INTERVAL,
    BREAKS_OPEN,
    BREAKS_SUPPRESSED,
    OLDEST_BREAK,
    VALUE_AT_RISK,
    TRANSACTIONS,
    BREAK_TRANSITIONS,
    CONFIG_RELOADED,
    CONFIG_RELOAD_SUCCESS,
    OUTBOX_DEPTH,
    OLDEST_NOTICE,
    STORE_SIZE,
    STORE_FREE,
    TOUCHED_DEPTH,
    QUARANTINE_DEPTH,
    NOTICES,
    DELIVERY_FAILURES,
    *INCIDENT_METRICS,
    DEALS_MATCHED,
    DEALS_VISIBLE,
    HAND_OFFS_TOUCHLESS,
    BILLING_EXCEPTIONS,
    DUPLICATES,
    SET_UP_TIME,
    HAND_OFF_TIME,
    HAND_OFF_DURATION,
    HAND_OFFS_ARRIVED,
    RECOVERY_TIME,
    HAND_OFFS_OVERDUE,
    REVENUE_DELAYED,
    HAND_OFF_VALUE_AT_RISK,
    BREAKS_BY_AGE,
    TIME_SAVED,
    INDICATORS_LAST_SUCCESS,
    PLANS,
    CORRECTIONS,
    CORRECTIONS_ENDED,
    CORRECTIONS_REFUSED,
    CORRECTIONS_HALTED,
    BREAKER_OPEN,
    REPAIR_DURATION,
    BUILD_INFO,
)
"""Every metric, in the order of the reference page."""
