"""Who sees the deals of some companies and regions alone: their own, and no trace of the rest."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import timedelta

import httpx
import pytest
from fastapi import FastAPI

from monitor.core.indicators import ByHandSettings, Dimension, IndicatorPlan
from monitor.core.people import Person, PersonSettings, Role
from monitor.scheduler import Daemon
from monitor.single_pass import pass_once
from monitor.store.breaks import list_breaks
from monitor.store.database import open_database
from monitor.web.application import create_application
from monitor.web.asking import Asker
from monitor.web.permissions import NEEDS, routes_of
from tests.cycle.small_firm import OPPORTUNITY, SmallFirm
from tests.databases import PostgreSQL, SQLite
from tests.web.inside import ask_all
from tests.web.test_access_matrix import OPEN, filled

DEALS = {
    "D1": ("Alpha GmbH", "North"),
    "D2": ("Alpha GmbH", "South"),
    "D3": ("Beta Inc", "North"),
    "D4": ("", ""),
}
"""Each with a break; the last belongs to nobody."""

PLAN = IndicatorPlan(
    steps=(),
    set_up=(),
    billing=frozenset(),
    unique=frozenset(),
    slices={each: (OPPORTUNITY, each.value) for each in (Dimension.LEGAL_ENTITY, Dimension.REGION)},
    value=(OPPORTUNITY, "amount", "currency"),
    most=10,
    by_hand=ByHandSettings(),
    period=timedelta(days=30),
    digest="1",
)
"""Where a deal says to whom it belongs."""

SEEN = [
    ((), (), ["D1", "D2", "D3", "D4"]),
    (("Alpha GmbH",), (), ["D1", "D2"]),
    ((), ("North",), ["D1", "D3"]),
    (("Alpha GmbH",), ("North",), ["D1"]),
    (("Alpha GmbH", "Beta Inc"), ("North",), ["D1", "D3"]),
    (("Gamma SA",), (), []),
]


@dataclass
class Scene:
    """The application, whoever looks at it, and each deal's break."""

    application: FastAPI
    asker: Asker
    breaks: dict[str, str]

    def ask(self, *paths: str) -> list[httpx.Response]:
        return ask_all(self.application, [("GET", path) for path in paths])


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def scene(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Scene]:
    """Looked at once; nothing here is changed."""
    with ExitStack() as opened:
        if request.param == "sqlite":
            template: SQLite = request.getfixturevalue("sqlite")
            url = template.migrated(tmp_path_factory.mktemp("store"))
        else:
            server: PostgreSQL = request.getfixturevalue("postgresql")
            url = opened.enter_context(server.migrated())
        database = open_database(url)
        opened.callback(database.close)
        yield seen(SmallFirm(database))


def seen(firm: SmallFirm) -> Scene:
    for deal, (company, region) in DEALS.items():
        firm.win(deal, "100.00")
        firm.staff(deal, "90.00")
        firm.crm.put(f"o-{deal}", deal, legal_entity=company or None, region=region or None)
    estate = replace(
        firm.estate, flows=tuple(replace(f, indicators=PLAN) for f in firm.estate.flows)
    )
    pass_once(estate, firm.runtime)
    with firm.database.read() as connection:
        breaks = {each.finding.transaction: each.fingerprint for each in list_breaks(connection)}
    assert breaks.keys() == DEALS.keys()
    shown = Scene(FastAPI(), Asker(), breaks)
    shown.application = create_application(
        Daemon(firm.runtime, lambda: estate), lambda _request: shown.asker
    )
    return shown


def limited(companies: Sequence[str], regions: Sequence[str]) -> Asker:
    settings = PersonSettings(
        roles=tuple(Role), legal_entities=tuple(companies), regions=tuple(regions)
    )
    person = Person("ann", settings)
    return Asker(person, person.permissions, can_log_in=True)


@pytest.mark.parametrize(("companies", "regions", "theirs"), SEEN)
def test_lists_hold_what_is_theirs_and_all_else_is_as_if_it_were_not(
    scene: Scene, companies: Sequence[str], regions: Sequence[str], theirs: list[str]
) -> None:
    scene.asker = limited(companies, regions)
    deals, breaks, one = scene.ask(
        "/api/v1/transactions", "/api/v1/breaks", "/api/v1/transactions?limit=1"
    )
    assert [each["transaction"] for each in deals.json()["items"]] == theirs
    assert sorted(each["transaction"] for each in breaks.json()["items"]) == theirs
    assert [each["transaction"] for each in one.json()["items"]] == theirs[:1]
    for page in scene.ask("/transactions", "/breaks", "/transactions?q=D"):
        assert page.status_code == 200
        assert [deal for deal in DEALS if f"/transactions/{deal}" in page.text] == theirs


@pytest.mark.parametrize(("companies", "regions", "theirs"), SEEN[1:])
def test_one_thing_of_somebody_elses_is_not_there(
    scene: Scene, companies: Sequence[str], regions: Sequence[str], theirs: list[str]
) -> None:
    scene.asker = limited(companies, regions)
    for deal, fingerprint in scene.breaks.items():
        own = 200 if deal in theirs else 404
        for place in ("", "/api/v1"):
            by_key, by_record, one = scene.ask(
                f"{place}/transactions/{deal}",
                f"{place}/transactions/p-{deal}",
                f"{place}/breaks/{fingerprint}",
            )
            assert (by_key.status_code, one.status_code) == (own, own)
            # By the id of a record nobody finds a deal whose own key they might not know.
            assert by_record.status_code == 404
    strangers = scene.ask("/transactions/D9", "/breaks/0000000000000000")
    hidden = [deal for deal in DEALS if deal not in theirs]
    for deal in hidden:
        answer = scene.ask(f"/transactions/{deal}")[0]
        assert answer.text.replace(deal, "D9") == strangers[0].text


def test_what_tells_of_everybody_is_refused_and_says_why(scene: Scene) -> None:
    scene.asker = limited(["Alpha GmbH"], [])
    routes = [(method, path) for method, path, _ in routes_of(scene.application)]
    answers = ask_all(scene.application, [filled(each) for each in routes])
    for (method, path), answer in zip(routes, answers, strict=True):
        name = f"{method} {path}"
        if name in OPEN:
            continue
        need = NEEDS[name]
        if need.thing is not None:
            assert answer.status_code == 404, name
        elif need.is_narrowed or need.permission is None:
            assert answer.status_code in {200, 303, 404, 415}, name
        else:
            assert answer.status_code == 403, name
            assert "you see some of them" in answer.text, name


def test_who_sees_everything_is_not_narrowed(scene: Scene) -> None:
    scene.asker = limited([], [])
    assert {answer.status_code for answer in scene.ask("/", "/incidents", "/indicators")} == {200}
    assert "Who holds them" in scene.ask("/breaks")[0].text
    scene.asker = limited(["Alpha GmbH"], [])
    assert "Who holds them" not in scene.ask("/breaks")[0].text
