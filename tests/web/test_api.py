"""The same facts as on the page, for programs."""

from collections.abc import Iterator
from decimal import Decimal

import httpx
import pytest

from monitor.scheduler import Daemon
from monitor.store.database import Database
from tests.correcting.small import CorrectedFirm
from tests.web.serving import browsing


@pytest.fixture
def firm(sqlite_database: Database) -> CorrectedFirm:
    made = CorrectedFirm(sqlite_database)
    for number in range(1, 6):
        made.win(f"D{number}")
        made.staff(f"D{number}", amount="1.00" if number < 4 else "1000.00")
    made.look()
    return made


@pytest.fixture
def client(firm: CorrectedFirm) -> Iterator[httpx.Client]:
    with browsing(Daemon(firm.runtime, lambda: firm.estate)) as opened:
        yield opened


def test_how_things_stand_is_counted(client: httpx.Client) -> None:
    told = client.get("/api/v1/now").json()
    assert told["breaks"] == 3
    assert told["transactions"]["sales"]["matched"] == 2
    assert Decimal(told["value_at_risk"]["EUR"]) == 3 * Decimal("999.00")


def test_every_part_of_a_list_leads_to_the_next_until_all_is_seen(client: httpx.Client) -> None:
    for path, name, count in (
        ("/api/v1/breaks?limit=2&kind=mismatch", "transaction", 3),
        ("/api/v1/transactions?limit=2", "transaction", 5),
    ):
        seen, address = [], path
        while address:
            part = client.get(address).json()
            assert len(part["items"]) <= 2
            seen += [each[name] for each in part["items"]]
            address = part["next"]
        assert len(seen) == len(set(seen)) == count


def test_a_deal_a_break_and_an_incident_are_told_in_full(client: httpx.Client) -> None:
    (trace,) = client.get("/api/v1/transactions/D1").json()
    assert trace["status"] == "broken"
    assert [each["stream"] for each in trace["records"]] == ["crm.opportunity", "psa.project"]
    identifier = trace["breaks"][0]["id"]
    told = client.get(f"/api/v1/breaks/{identifier}").json()
    assert told["break"]["transaction"] == "D1"
    (first, *_) = client.get("/api/v1/incidents").json()
    assert client.get(f"/api/v1/incidents/{first['id']}").json() == first


def test_plans_corrections_and_the_audit_log_are_told(
    firm: CorrectedFirm, client: httpx.Client
) -> None:
    plan = firm.approved()
    firm.apply(plan)
    (entry,) = client.get("/api/v1/plans").json()
    assert (entry["hash"], entry["state"]) == (plan, "done")
    assert client.get(f"/api/v1/plans/{plan}").json()["plan"]["flow"] == "sales"
    corrections = client.get("/api/v1/corrections?state=verified").json()
    assert len(corrections) == 3
    life = client.get(f"/api/v1/corrections/{corrections[0]['id']}").json()
    assert life["steps"][-1]["after"] == "verified"
    newest = client.get("/api/v1/audit?limit=1").json()[0]
    older = client.get("/api/v1/audit", params={"before": newest["sequence"]}).json()
    assert [each["sequence"] for each in older] == list(range(newest["sequence"] - 1, 0, -1))


@pytest.mark.parametrize(
    "path",
    [
        "/transactions/nothing",
        "/breaks/ffffffffff",
        "/incidents/99",
        "/plans/" + "0" * 64,
        "/corrections/99",
    ],
)
def test_what_does_not_exist_is_not_found(client: httpx.Client, path: str) -> None:
    answer = client.get(f"/api/v1{path}")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    "path",
    [
        "/breaks?kind=odd",
        "/breaks?limit=0",
        "/breaks?limit=100000",
        "/transactions?after=odd",
        "/incidents/99999999999999999999",
        "/corrections/0",
        "/audit?before=99999999999999999999",
    ],
)
def test_what_cannot_be_asked_is_refused(client: httpx.Client, path: str) -> None:
    assert client.get(f"/api/v1{path}").status_code == 422


def test_an_address_with_a_nul_is_refused(client: httpx.Client) -> None:
    assert client.get("/api/v1/transactions?q=%00").status_code == 400
    assert client.get("/transactions/a%00b").status_code == 400


def test_who_has_an_answer_is_told_so_until_it_changes(
    firm: CorrectedFirm, client: httpx.Client
) -> None:
    first = client.get("/api/v1/breaks")
    tag = first.headers["etag"]
    for known in (tag, f'W/{tag}, "other"', "*"):
        again = client.get("/api/v1/breaks", headers={"If-None-Match": known})
        assert again.status_code == 304
        assert again.content == b""
    assert client.get("/api/v1/breaks", headers={"If-None-Match": '"x"'}).status_code == 200
    firm.apply(firm.approved())
    firm.cycle()
    changed = client.get("/api/v1/breaks", headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert changed.json()["items"] == []


def test_every_route_is_described_with_what_it_answers(client: httpx.Client) -> None:
    described = client.get("/api/v1/openapi.json").json()
    assert described["info"]["title"] == "tieout"
    assert all(path.startswith("/api/v1/") for path in described["paths"])
    for methods in described["paths"].values():
        assert set(methods) == {"get"}
        answer = methods["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        assert answer
        assert methods["get"]["description"]
