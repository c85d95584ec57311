"""The firm can be steered over HTTP."""

import http.client
import json
from typing import Any

import pytest

from monitor.simulation import SimulatedFirm, Trouble, environment
from tests.simulation.conftest import NEW_YEAR, StartFirm
from tests.simulation.reader import Reader, Refused


def call(firm: SimulatedFirm, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    host = firm.control_url.removeprefix("http://")
    connection = http.client.HTTPConnection(host, timeout=5)
    text = None if body is None else json.dumps(body)
    connection.request(method, path, text, {"Content-Type": "application/json"})
    reply = connection.getresponse()
    content = reply.read()
    connection.close()
    return reply.status, json.loads(content) if content else None


def test_a_fault_is_planted_listed_and_repaired(start_firm: StartFirm) -> None:
    firm = start_firm(deals=40, faults=0)
    status, entry = call(firm, "POST", "/faults", {"kind": "missing_project"})
    assert (status, entry["break_kind"], entry["stream"]) == (201, "missing", "psa.projects")
    assert call(firm, "GET", "/ledger") == (200, {"entries": [entry]})
    status, repaired = call(firm, "POST", "/repair", {"entry": entry["id"]})
    assert (status, len(repaired["entries"])) == (200, 1)
    assert call(firm, "GET", "/ledger")[1] == {"entries": []}
    assert call(firm, "GET", "/history")[1] == repaired


def test_a_named_deal_in_a_named_system_gets_the_fault(start_firm: StartFirm) -> None:
    firm = start_firm(deals=40, faults=0)
    deal = next(
        deal.key
        for deal in firm.world.deals.values()
        if deal.won and deal.settled_at < firm.clock()
    )
    order = {"kind": "amount_drift", "deal": deal, "system": "contracts"}
    _, entry = call(firm, "POST", "/faults", order)
    assert (entry["deal"], entry["system"]) == (deal, "contracts")


def test_everything_that_stands_is_repaired_when_no_entry_is_named(start_firm: StartFirm) -> None:
    firm = start_firm(deals=60)
    standing = len(firm.ledger())
    assert standing > 10
    _, repaired = call(firm, "POST", "/repair", {})
    assert len(repaired["entries"]) == standing
    assert firm.ledger() == ()


def test_time_moves_and_a_late_commit_appears(start_firm: StartFirm) -> None:
    firm = start_firm(deals=40, faults=0)
    order = {"kind": "currency_drift", "commit_after": 90}
    assert call(firm, "POST", "/faults", order)[0] == 201
    assert firm.ledger() == ()
    _, now = call(firm, "POST", "/advance", {"seconds": 90})
    assert now["now"] == "2026-01-01T00:01:30+00:00"
    assert len(firm.ledger()) == 1


def test_troubles_are_scheduled_queued_and_calmed(start_firm: StartFirm) -> None:
    firm = start_firm(deals=5)
    reader = Reader(firm)
    order: dict[str, Any] = {"schedule": {"seed": 1, "rate": 1.0, "kinds": ["server_error"]}}
    assert call(firm, "POST", "/disturb", order) == (204, None)
    reader.get("crm", "opportunities")
    assert firm.troubles.happened["crm", Trouble.SERVER_ERROR] > 0
    assert call(firm, "POST", "/disturb", {"calm": True, "down": []})[0] == 204
    call(firm, "POST", "/disturb", {"befall": {"erp": ["dropped"]}, "down": ["psa"]})
    reader.get("erp", "projects")
    assert firm.troubles.happened["erp", Trouble.DROPPED] == 1
    with pytest.raises(Refused):
        reader.get("psa", "projects")
    call(firm, "POST", "/disturb", {"up": ["psa"]})
    reader.get("psa", "projects")


@pytest.mark.parametrize(
    ("path", "body", "status", "message"),
    [
        ("/faults", {"kind": "gremlins"}, 400, "kind"),
        ("/faults", {"kind": "dead_letter", "deel": "x"}, 400, "deel"),
        ("/faults", {"kind": "dead_letter", "deal": "OPP-1"}, 409, "no deal suits dead_letter"),
        ("/faults", {"kind": "dead_letter", "system": "crm"}, 409, "does not occur in crm"),
        ("/repair", {"entry": "F-9999"}, 409, "does not stand"),
        ("/advance", {"seconds": -1}, 400, "seconds"),
        ("/disturb", {"down": ["sap"]}, 400, "no system 'sap'"),
        ("/nothing", {}, 404, "nothing here"),
    ],
)
def test_a_wrong_order_is_refused_and_changes_nothing(
    start_firm: StartFirm, path: str, body: Any, status: int, message: str
) -> None:
    firm = start_firm(deals=40, faults=0)
    given, answer = call(firm, "POST", path, body)
    assert given == status
    assert message in answer["error"]
    assert firm.history() == ()
    assert firm.clock() == NEW_YEAR


def test_the_panel_names_the_systems_and_the_environment_every_secret(
    start_firm: StartFirm,
) -> None:
    firm = start_firm(deals=5)
    _, shown = call(firm, "GET", "/")
    assert shown == {"now": NEW_YEAR.isoformat(), "systems": dict(firm.urls)}
    variables = environment(firm)
    for secrets in firm.credentials.values():
        assert set(secrets.values()) <= set(variables.values())
    assert set(firm.urls.values()) <= set(variables.values())
