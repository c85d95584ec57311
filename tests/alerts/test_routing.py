from dataclasses import replace

import pytest

from alerts.compose import blind_notice
from alerts.routing import Routing, route
from monitor.core.breaks import BreakKind, Severity, TransitionKind
from monitor.core.model import StreamId
from monitor.core.notices import Notice, NoticeKind
from monitor.core.routes import RouteSettings
from tests.alerts.examples import FINDINGS, MISSING, NOW, SINCE, notice

OPENED = notice()
CHANGED = notice(MISSING, TransitionKind.CHANGED)
RESOLVED = notice(MISSING, TransitionKind.RESOLVED)
LATE = notice(FINDINGS[BreakKind.LATE])
BLIND = blind_notice(StreamId("psa", "projects"), SINCE, NOW, owner="delivery")

ALL = RouteSettings(channels=("all",))
EVERYTHING = RouteSettings(channels=("all",), notices=tuple(NoticeKind))
CRITICAL = RouteSettings(channels=("pager",), severities=(Severity.CRITICAL,))
MISSING_ONLY = RouteSettings(channels=("missing",), kinds=(BreakKind.MISSING,))
ERP = RouteSettings(channels=("erp",), systems=("erp",))
DELIVERY = RouteSettings(channels=("delivery",), owners=("delivery",))
OPENED_ONLY = RouteSettings(channels=("new",), notices=(NoticeKind.OPENED,))
NARROW = RouteSettings(
    channels=("narrow",), severities=(Severity.CRITICAL,), systems=("psa",), owners=("finance",)
)


@pytest.mark.parametrize(
    ("told", "routes", "channels"),
    [
        (OPENED, (), ()),
        (OPENED, (ALL,), ("all",)),
        (CHANGED, (ALL,), ()),
        (CHANGED, (EVERYTHING,), ("all",)),
        (BLIND, (ALL,), ("all",)),
        (OPENED, (CRITICAL, ALL), ("pager", "all")),
        (LATE, (CRITICAL, ALL), ("all",)),
        (OPENED, (MISSING_ONLY,), ("missing",)),
        (LATE, (MISSING_ONLY,), ()),
        (BLIND, (MISSING_ONLY,), ()),
        (OPENED, (ERP,), ()),
        (BLIND, (DELIVERY,), ("delivery",)),
        (replace(OPENED, owner="finance"), (DELIVERY,), ()),
        (RESOLVED, (OPENED_ONLY,), ()),
        (OPENED, (NARROW,), ()),
        (replace(OPENED, owner="finance"), (NARROW,), ("narrow",)),
        (OPENED, (ALL, CRITICAL, EVERYTHING), ("all", "pager")),
    ],
)
def test_a_notice_goes_where_every_filter_of_a_route_lets_it(
    told: Notice, routes: tuple[RouteSettings, ...], channels: tuple[str, ...]
) -> None:
    assert route(told, Routing(routes)) == channels
