"""Hand-offs in time, as an objective that holds at forty deals a day.

Burn rates compare the share of hand-offs that missed their time with what the objective allows
(the multiwindow form of Google's SRE Workbook, chapter 5). At forty deals a day an hour has two
hand-offs or so, and one late one is half of them: a plain burn rate pages for it. So two things
must hold beside: at least three missed their time, five in the longest window, and even the lower
end of Wilson's score interval for the share (E. B. Wilson, 1927) burns too fast. The tests work
out exactly how often that misfires.

What missed its time within a window: the late arrivals in it, and the overdue hand-offs that it
added. A hand-off that became overdue before and arrived within counts for the time before.
"""

from dataclasses import dataclass

from dashboards.rules.rule import Alert, Group, Level, Owner, Page, Recording, Rule
from monitor.core.indicator_metrics import HAND_OFFS_ARRIVED, HAND_OFFS_OVERDUE
from monitor.core.metric_types import Punctuality

ALLOWED = 0.01
"""Share of hand-offs that need not arrive within their time: the objective is the rest."""

CONFIDENCE = 3
"""Standard deviations between the share that is seen and the lower bound for the true one."""


@dataclass(frozen=True, slots=True)
class Window:
    """Two stretches of time and what is bad in them.

    Attributes:
        long: how far back is looked.
        short: how far, to see that it goes on.
        burn: how many times too fast.
        fewest: hand-offs that must have missed their time, however few there were.
        level: of the alert.
    """

    long: str
    short: str
    burn: float
    fewest: int
    level: Level


WINDOWS = (
    Window("1h", "15m", 14.4, 3, Level.CRITICAL),
    Window("6h", "1h", 6, 3, Level.CRITICAL),
    Window("3d", "12h", 1, 5, Level.WARNING),
)


def missed(window: str) -> str:
    """The recorded count of hand-offs that missed their time."""
    return f"flow:tieout_hand_offs_missed:increase{window}"


def share(window: str) -> str:
    """The recorded share of those concluded which missed their time."""
    return f"flow:tieout_hand_offs_missed:ratio{window}"


def concluded(window: str) -> str:
    """The recorded count of hand-offs that arrived or missed their time."""
    return f"flow:tieout_hand_offs_concluded:increase{window}"


def lower(window: str) -> str:
    """The recorded lower bound of the share."""
    return f"flow:tieout_hand_offs_missed:ratio{window}_lower"


def _arrived(outcome: Punctuality, window: str) -> str:
    name = HAND_OFFS_ARRIVED.name
    return f'sum by (job, flow) (increase({name}{{outcome="{outcome.value}"}}[{window}]))'


def _missed(window: str) -> str:
    overdue = f"sum by (job, flow) (delta({HAND_OFFS_OVERDUE.name}[{window}]))"
    late = _arrived(Punctuality.LATE, window)
    return f"clamp_min(\n  {late}\n  + ({overdue} or 0 * {late}),\n  0\n)"


def _lower(window: str) -> str:
    """Wilson's lower bound; where nothing was concluded there is no share and no bound."""
    p, n, z = share(window), concluded(window), CONFIDENCE
    return (
        f"(\n  {p} + {z**2:g} / (2 * {n})\n"
        f"  - {z:g} * sqrt({p} * (1 - {p}) / {n} + {z**2:g} / (4 * {n} ^ 2))\n)"
        f" / (1 + {z**2:g} / {n})"
    )


def _recorded(window: str) -> tuple[Recording, ...]:
    return (
        Recording(
            concluded(window),
            f"{missed(window)} + {_arrived(Punctuality.IN_TIME, window)}",
        ),
        Recording(
            share(window),
            f"clamp_max({missed(window)} / ({concluded(window)} > 0), 1)",
        ),
        Recording(lower(window), _lower(window)),
    )


def _burns(window: Window) -> str:
    """Too fast over the long window, sure of it, and still going on."""
    # Prometheus reckons counts up to the window's edges: three may be seen as a little less.
    return (
        f"{lower(window.long)} > {window.burn:g} * {ALLOWED}\n"
        f"and {missed(window.long)} > {window.fewest - 0.5}\n"
        f"and {missed(window.short)} > 0.5"
    )


def _alert(name: str, level: Level, description: str) -> Alert:
    return Alert(
        name,
        "\nor\n".join(_burns(window) for window in WINDOWS if window.level is level),
        "{{ $labels.flow }} misses its objective: surely more than"
        " {{ $value | humanizePercentage }} of hand-offs miss their time",
        description,
        level,
        Owner.INTEGRATION,
        Page.HAND_OFFS,
    )


_STRETCHES = tuple(
    dict.fromkeys(each for window in WINDOWS for each in (window.short, window.long))
)
_RULES: tuple[Rule, ...] = (
    *(Recording(missed(each), _missed(each)) for each in _STRETCHES),
    *(rule for window in WINDOWS for rule in _recorded(window.long)),
)
RECORDED = Group("tieout-objectives-recorded", _RULES, interval="1m")

ALERTS = Group(
    "tieout-objectives",
    (
        _alert(
            "TieoutObjectiveBurnsFast",
            Level.CRITICAL,
            "At this rate what the objective allows in thirty days is gone within days.",
        ),
        _alert(
            "TieoutObjectiveBurns",
            Level.WARNING,
            "Hand-offs have been missing their time for days, more than the objective allows.",
        ),
    ),
)
