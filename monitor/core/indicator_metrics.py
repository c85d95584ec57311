"""The metrics catalogue's part on business indicators, by flow and by parts of the firm."""

from monitor.core.indicators import Age
from monitor.core.metric_types import (
    Bound,
    Label,
    Metric,
    MetricType,
    Punctuality,
    Rank,
    TimeKind,
)

_GAUGE, _COUNTER, _HISTOGRAM = MetricType.GAUGE, MetricType.COUNTER, MetricType.HISTOGRAM
_SECONDS, _FLAG = "seconds", "1 yes, 0 no"

_FLOW = Label("flow", Bound.FLOWS)
_HOP = Label("hop", Bound.HAND_OFFS)
_OF_THE_FIRM = (_FLOW, Label("dimension", Bound.DIMENSIONS), Label("slice", Bound.SLICES))
_TIMES = (Label("time", TimeKind), Label("rank", Rank))

DEALS_MATCHED = Metric(
    "tieout_deals_matched_ratio",
    _GAUGE,
    "ratio",
    "Share of the deals that moved in the flow's period which agree in everything.",
    _OF_THE_FIRM,
)
DEALS_VISIBLE = Metric(
    "tieout_deals_visible_ratio",
    _GAUGE,
    "ratio",
    "Share of the deals that moved which are seen in every system in which they should be.",
    _OF_THE_FIRM,
)
HAND_OFFS_TOUCHLESS = Metric(
    "tieout_hand_offs_touchless_ratio",
    _GAUGE,
    "ratio",
    "Share of hand-offs that neither a person nor a correction had to touch.",
    _OF_THE_FIRM,
)
BILLING_EXCEPTIONS = Metric(
    "tieout_billing_exceptions_ratio",
    _GAUGE,
    "ratio",
    "Share of the deals billed which had something wrong in billing.",
    _OF_THE_FIRM,
)
DUPLICATES = Metric(
    "tieout_duplicates_ratio",
    _GAUGE,
    "ratio",
    "Share of new records which are copies of what their system held already.",
    _OF_THE_FIRM,
)
SET_UP_TIME = Metric(
    "tieout_set_up_time_seconds",
    _GAUGE,
    _SECONDS,
    "How long setting a project up took, from the first hand-off to the last.",
    (_FLOW, *_TIMES),
)
HAND_OFF_TIME = Metric(
    "tieout_hand_off_time_seconds",
    _GAUGE,
    _SECONDS,
    "How long the hand-offs took that arrived in the flow's period.",
    (_FLOW, _HOP, *_TIMES),
)
HAND_OFF_DURATION = Metric(
    "tieout_hand_off_duration_seconds",
    _HISTOGRAM,
    _SECONDS,
    "How long hand-offs took that were seen to arrive; exemplars carry the deal's trace.",
    (_FLOW, _HOP),
    (60.0, 900.0, 3600.0, 14400.0, 28800.0, 86400.0, 259200.0, 604800.0, 2592000.0),
)
HAND_OFFS_ARRIVED = Metric(
    "tieout_hand_offs_arrived_total",
    _COUNTER,
    "hand-offs",
    "Hand-offs that were seen to arrive, by whether they did within their time.",
    (_FLOW, _HOP, Label("outcome", Punctuality)),
)
RECOVERY_TIME = Metric(
    "tieout_recovery_time_seconds",
    _GAUGE,
    _SECONDS,
    "How long it took until what was not carried on had arrived after all.",
    (_FLOW, Label("rank", Rank)),
)
HAND_OFFS_OVERDUE = Metric(
    "tieout_hand_offs_overdue",
    _GAUGE,
    "hand-offs",
    "Hand-offs whose time has passed, as far as their systems can be seen.",
    (_FLOW, _HOP),
)
REVENUE_DELAYED = Metric(
    "tieout_revenue_delayed",
    _GAUGE,
    "currency units",
    "Money that waits at hand-offs which are overdue.",
    (_FLOW, _HOP, Label("currency", Bound.CURRENCIES)),
)
HAND_OFF_VALUE_AT_RISK = Metric(
    "tieout_hand_off_value_at_risk",
    _GAUGE,
    "currency units",
    "Money that depends on the breaks of a hand-off, each deal with its dearest one.",
    (_FLOW, _HOP, Label("currency", Bound.CURRENCIES)),
)
BREAKS_BY_AGE = Metric(
    "tieout_breaks_by_age",
    _GAUGE,
    "breaks",
    "Breaks that stand and that people hear of, by how long it has been wrong.",
    (_FLOW, Label("age", Age)),
)
TIME_SAVED = Metric(
    "tieout_time_saved_seconds",
    _GAUGE,
    _SECONDS,
    "What the flow's checks would have taken by hand, by the landscape's own assumption.",
    (_FLOW,),
)
INDICATORS_LAST_SUCCESS = Metric(
    "tieout_indicators_last_success_timestamp_seconds",
    _GAUGE,
    "seconds since 1970",
    "When the business indicators were last counted.",
)
