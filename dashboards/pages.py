"""Every dashboard, in the order in which they tell their story."""

from dashboards.breaks import BREAKS
from dashboards.corrections import CORRECTIONS_BOARD
from dashboards.daemon import DAEMON
from dashboards.hand_offs import HAND_OFFS
from dashboards.overview import OVERVIEW
from dashboards.panels import Dashboard
from dashboards.systems import SYSTEMS

DASHBOARDS: tuple[Dashboard, ...] = (
    OVERVIEW,
    HAND_OFFS,
    SYSTEMS,
    BREAKS,
    CORRECTIONS_BOARD,
    DAEMON,
)
