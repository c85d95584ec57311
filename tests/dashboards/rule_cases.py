"""For each alert, what must make it fire and what must not, as promtool reads it.

Series are in promtool's notation, a value a minute, or every half hour where days must pass. The
rules are asked at the end.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from dashboards.rules.table import GROUPS

_HOUR = 60
_SLOW = 30
_DAY = 48
"""Of slow steps."""
_LONG = 4 * _HOUR


@dataclass(frozen=True, slots=True)
class Case:
    """Series by name and what is asked.

    Attributes:
        bad: with these it fires.
        good: with these it does not.
        steps: after which it is asked.
        step: minutes between two values.
    """

    bad: Mapping[str, str]
    good: Mapping[str, str]
    steps: int = _HOUR
    step: int = 1


def _labelled(name: str, **labels: str) -> str:
    inside = ",".join(f'{key}="{value}"' for key, value in {"job": "tieout", **labels}.items())
    return f"tieout_{name}{{{inside}}}"


def _always(value: float, steps: int = _LONG) -> str:
    return f"{value:.0f}x{steps}"


def _growing(step: float, steps: int = _LONG, start: float = 0) -> str:
    return f"{start:.0f}{step:+.0f}x{steps}"


def _gauge(name: str, bad: float, good: float, steps: int = _HOUR, **labels: str) -> Case:
    series = _labelled(name, **labels)
    return Case({series: _always(bad)}, {series: _always(good)}, steps)


def _once(name: str, at: int, **labels: str) -> Case:
    """A counter that goes up once, against one that does not; asked shortly after."""
    series = _labelled(name, **labels)
    return Case({series: f"0x{at} 1x{_HOUR}"}, {series: _always(0)}, at + 8)


def _old(name: str, interval: str, **labels: str) -> Case:
    """A stamp that stands still, against one that goes with time."""
    stamp = _labelled(name, **labels)
    every = {_labelled(interval, **labels): _always(60)} if interval else {}
    return Case({stamp: _always(0), **every}, {stamp: _growing(60), **every})


def _breaks(kind: str, severity: str = "warning") -> Case:
    labels = {"kind": kind, "system": "erp", "severity": severity}
    other = {**labels, "kind": "orphan", "severity": "info"}
    series = _labelled("breaks_open", **labels)
    return Case(
        {series: _always(2)}, {series: _always(0), _labelled("breaks_open", **other): _always(5)}
    )


def _failed_looks(reason: str) -> Case:
    series = _labelled("sample_failures_total", source="erp", reason=reason)
    other = _labelled("sample_failures_total", source="erp", reason="throttled")
    return Case({series: _growing(1)}, {series: _always(0), other: _growing(1)})


def _arrived(in_time: str, late: str, overdue: str) -> dict[str, str]:
    labels = {"flow": "sales", "hop": "booked"}
    return {
        _labelled("hand_offs_arrived_total", **labels, outcome="in_time"): in_time,
        _labelled("hand_offs_arrived_total", **labels, outcome="late"): late,
        _labelled("hand_offs_overdue", **labels): overdue,
    }


_STREAM = {"source": "erp", "stream": "invoices"}
_BUCKETS = {
    bound: _labelled("cycle_duration_seconds_bucket", le=bound) for bound in ("5", "60", "+Inf")
}

_FORTY_A_DAY = " ".join(f"{n * 40 // _DAY}" for n in range(3 * _DAY + 1))
"""For three days, a value every half hour."""

CASES: Mapping[str, Case] = {
    "TieoutSourceDown": _gauge("source_up", 0, 1, source="erp"),
    "TieoutSourceBlind": Case(
        {_labelled("source_blind", **_STREAM): _always(1)},
        {
            _labelled("source_blind", **_STREAM): _always(1),
            _labelled("source_blind", source="erp", stream="projects"): _always(0),
        },
    ),
    "TieoutStreamBlind": _gauge("source_blind", 1, 0, source="erp", stream="invoices"),
    "TieoutStreamStale": _old(
        "source_last_success_timestamp_seconds", "source_interval_seconds", **_STREAM
    ),
    "TieoutSourceRefusesCredentials": _failed_looks("credentials"),
    "TieoutSourceChanged": _failed_looks("schema"),
    "TieoutCallBudgetSpent": Case(
        {_labelled("calls_remaining", source="erp", budget="day"): _always(0)},
        {
            _labelled("calls_remaining", source="erp", budget="day"): _always(90),
            # A minute's budget is spent each minute; that is what it is for.
            _labelled("calls_remaining", source="erp", budget="minute"): _always(0),
        },
    ),
    "TieoutRowsInQuarantine": _gauge("quarantine_depth", 3, 0, source="erp", stream="invoices"),
    "TieoutAbsent": Case(
        {_labelled("source_up", source="erp"): _always(1)},
        {_labelled("build_info", version="1"): _always(1)},
    ),
    "TieoutCycleLate": _old("cycle_last_success_timestamp_seconds", "cycle_interval_seconds"),
    "TieoutCycleOverrun": Case(
        {
            _labelled("cycle_interval_seconds"): _always(5),
            _BUCKETS["5"]: _always(0),
            _BUCKETS["60"]: _growing(1),
            _BUCKETS["+Inf"]: _growing(1),
        },
        {
            _labelled("cycle_interval_seconds"): _always(5),
            _BUCKETS["5"]: _growing(1),
            _BUCKETS["60"]: _growing(1),
            _BUCKETS["+Inf"]: _growing(1),
        },
    ),
    "TieoutBacklogGrows": Case(
        {_labelled("touched_depth"): _growing(10)},
        # A large step that is being worked off.
        {_labelled("touched_depth"): _growing(-10, start=5_000)},
        2 * _HOUR,
    ),
    "TieoutWatchLate": _old(
        "watch_last_success_timestamp_seconds", "watch_interval_seconds", watch="drift"
    ),
    "TieoutLandscapeRefused": _gauge("config_last_reload_successful", 0, 1, instance="tieout:8080"),
    "TieoutIndicatorsStale": _old("indicators_last_success_timestamp_seconds", ""),
    "TieoutStoreFailing": _failed_looks("store"),
    "TieoutStoreDiskFilling": Case(
        {_labelled("store_free_bytes"): _growing(-3e8, start=4e10)},
        {_labelled("store_free_bytes"): _growing(-3e6, start=4e10)},
        _DAY,
        _SLOW,
    ),
    "TieoutStoreDiskFull": _gauge("store_free_bytes", 5e8, 5e10),
    "TieoutNoticesRefused": _once("notices_total", 30, channel="ops", outcome="dead"),
    "TieoutDeliveryFailing": Case(
        {_labelled("delivery_failures_total", channel="ops", reason="unreachable"): _growing(1)},
        {
            _labelled("delivery_failures_total", channel="ops", reason="throttled"): _growing(1),
            _labelled("notices_total", channel="ops", outcome="sent"): _growing(1),
        },
    ),
    "TieoutOutboxStuck": Case(
        {_labelled("oldest_notice_timestamp_seconds", state="pending"): _always(0)},
        {
            _labelled("oldest_notice_timestamp_seconds", state="pending"): _growing(60),
            # One that was refused for good waits for nothing.
            _labelled("oldest_notice_timestamp_seconds", state="dead"): _always(0),
        },
    ),
    "TieoutHandOffMissing": _breaks("missing"),
    "TieoutHandOffLate": _breaks("late"),
    "TieoutHandOffStuck": _gauge("hand_offs_overdue", 5, 4, flow="sales", hop="booked"),
    "TieoutMoneyDoesNotTieOut": _breaks("tie_out"),
    "TieoutRecordsTwice": _breaks("duplicate"),
    "TieoutMessagesGivenUp": _breaks("dead_letter"),
    "TieoutCriticalBreak": _breaks("mismatch", "critical"),
    "TieoutBreakUnattended": Case(
        {_labelled("oldest_break_timestamp_seconds", severity="critical"): _always(0)},
        {_labelled("oldest_break_timestamp_seconds", severity="warning"): _always(0)},
        2 * _DAY,
        _SLOW,
    ),
    "TieoutObjectiveBurnsFast": Case(
        _arrived(_always(0), "0x100 1x9 2x9 3x9", _always(0)),
        # Of two in the last hour one is late: no reason to wake anybody.
        _arrived(f"0x90 1x{_HOUR}", f"0x100 1x{_HOUR}", _always(0)),
        2 * _HOUR + 5,
    ),
    "TieoutObjectiveBurns": Case(
        # Every eight hours one more hand-off is overdue.
        _arrived(_FORTY_A_DAY, _always(0), " ".join(f"{n}x15" for n in range(10))),
        # One in a hundred and twenty may be late.
        _arrived(_FORTY_A_DAY, f"0x120 1x{_DAY}", _always(0)),
        3 * _DAY,
        _SLOW,
    ),
    "TieoutIncidentUnattended": Case(
        {
            _labelled(
                "oldest_unacknowledged_incident_timestamp_seconds", severity="critical"
            ): _always(0)
        },
        {
            _labelled(
                "oldest_unacknowledged_incident_timestamp_seconds", severity="critical"
            ): _growing(60),
            # What is no hurry may wait for the morning.
            _labelled(
                "oldest_unacknowledged_incident_timestamp_seconds", severity="warning"
            ): _always(0),
        },
    ),
    "TieoutIncidentsUntold": Case(
        {_labelled("channel_behind", channel="ops"): _always(2)},
        # Every message takes a moment.
        {_labelled("channel_behind", channel="ops"): "2x5 0x2 1x5 0x90"},
    ),
    "TieoutCorrectionFailed": _once("corrections_ended_total", 30, outcome="failed"),
    "TieoutCorrectionUnknown": _gauge("corrections", 1, 0, state="unknown"),
    "TieoutBreakerOpen": _gauge("breaker_open", 1, 0, source="erp"),
    "TieoutCorrectionsHalted": _gauge("corrections_halted", 1, 0, steps=2 * _HOUR),
}
"""All but the watchdog, which nothing stops."""


def promtool_tests(rule_file: str, step: int) -> dict[str, object]:
    """The document that `promtool test rules` reads: the cases with this step."""
    tests = [] if step != 1 else [_watchdog()]
    for name, case in CASES.items():
        if case.step == step:
            tests.append(_test(name, case, case.bad, fires=True))
            tests.append(_test(name, case, case.good, fires=False))
    return {
        "rule_files": [rule_file],
        "evaluation_interval": f"{step}m",
        # Else promtool takes the groups in any order, and an alert may see what was recorded a
        # step ago.
        "group_eval_order": [group.name for group in GROUPS],
        "tests": tests,
    }


STEPS = (1, _SLOW)
"""Each makes a document of its own, because promtool evaluates all of one at one interval."""


def _watchdog() -> dict[str, object]:
    series = {_labelled("source_up", source="erp"): "1x9"}
    return _test("TieoutWatchdog", Case(series, series, 5), series, fires=True)


def _test(alert: str, case: Case, series: Mapping[str, str], *, fires: bool) -> dict[str, object]:
    asked = f'count(ALERTS{{alertname="{alert}",alertstate="firing"}})'
    expected = [{"labels": "{}", "value": 1}] if fires else []
    return {
        "name": f"{alert} {'fires' if fires else 'does not fire'}",
        "interval": f"{case.step}m",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "promql_expr_test": [
            {
                "expr": asked,
                "eval_time": f"{case.steps * case.step}m",
                "exp_samples": expected,
            },
        ],
    }
