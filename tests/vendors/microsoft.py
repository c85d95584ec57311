"""Microsoft over OData 4: Dataverse, Business Central and Graph, with Entra's log-in."""

from abc import abstractmethod
from typing import Any, ClassVar
from urllib.parse import parse_qs

from tests.servers import Reply, Request
from tests.vendors import odata
from tests.vendors.vendor import CANARY, Row, Vendor

_TENANT = "acme"


class Microsoft(Vendor):
    """A service that pages by links and knows who asks by Entra."""

    path: ClassVar[str]
    throttle = Reply({"error": {"code": "0x80072322", "message": "too many"}}, status=429)

    @property
    @abstractmethod
    def system(self) -> dict[str, Any]: ...

    def native_id(self, number: int) -> str:
        return f"00000000-0000-0000-0000-{number:012}"

    def log_in(self, request: Request) -> Reply | None:
        if request.path != f"/{_TENANT}/oauth2/v2.0/token":
            return None
        form = parse_qs(request.body.decode())
        is_known = form.get("client_secret") == [CANARY] and "scope" in form
        if form.get("grant_type") != ["client_credentials"] or not is_known:
            return Reply({"error": "invalid_client"}, status=401)
        return Reply({"access_token": self.issue(), "token_type": "Bearer", "expires_in": 3599})

    def credential(self) -> dict[str, Any]:
        """What the landscape says of address and log-in."""
        url = self.server.url
        token_url = f"{url}/{_TENANT}/oauth2/v2.0/token"
        auth = {"client_id": "tieout", "client_secret": CANARY, "token_url": token_url}
        return {"base_url": url, "auth": auth}

    def answer(self, request: Request) -> Reply:
        if request.path.startswith(f"{self.path}("):
            wanted = request.path[len(self.path) + 1 : -1]
            return self._one(wanted, request)
        if request.path != self.path:
            return Reply({"error": {"code": "404", "message": "no such set"}}, status=404)
        return self._page(request)

    def _one(self, wanted: str, request: Request) -> Reply:
        for row in self.rows.values():
            if self.native_id(int(row.id)) == wanted:
                return Reply(odata.find([self.sent(row)], request)[0])
        return Reply({"error": {"code": "BadRequest_ResourceNotFound"}}, status=404)

    def _page(self, request: Request) -> Reply:
        try:
            found = odata.find((self.sent(row) for row in self.rows.values()), request)
        except odata.BadRequest as error:
            return odata.bad_request(error)
        start = int(request.param("$skiptoken", "0"))
        end = start + self.page
        body: dict[str, Any] = {"@odata.context": "…", "value": found[start:end]}
        if end < len(found):
            target = request.target.split("&$skiptoken")[0]
            body["@odata.nextLink"] = f"{self.server.url}{target}&$skiptoken={end}"
        return Reply(body)


class Dataverse(Microsoft):
    """One environment with opportunities."""

    stream = "opportunity"
    money = "actualvalue"
    path = "/api/data/v9.2/opportunities"

    @property
    def system(self) -> dict[str, Any]:
        return {
            "use": "dynamics365",
            "values": {"environment": "acme.crm4.dynamics.com", "tenant": _TENANT},
            **self.credential(),
            "streams": {"opportunity": {"map": {"region": "acme_region"}}},
        }

    def native(self, row: Row) -> dict[str, Any]:
        stamp = f"{row.modified_at:%Y-%m-%dT%H:%M:%SZ}"
        return {
            "@odata.etag": 'W/"1"',
            "opportunityid": self.native_id(int(row.id)),
            "name": row.name,
            "actualvalue": float(row.amount),
            "actualclosedate": stamp,
            "createdon": stamp,
            "modifiedon": stamp,
            "statecode": 1,
            "_customerid_value": self.native_id(1),
            "acme_region": row.custom,
        }


class BusinessCentral(Microsoft):
    """One company with sales invoices."""

    stream = "invoice"
    money = "totalAmountExcludingTax"
    path = f"/v2.0/{_TENANT}/Production/api/v2.0/companies(c0)/salesInvoices"

    @property
    def system(self) -> dict[str, Any]:
        return {
            "use": "business_central",
            "values": {"tenant": _TENANT, "environment": "Production", "company": "c0"},
            **self.credential(),
            "streams": {"invoice": {"map": {"region": "regionCode", "name": "customerName"}}},
        }

    def native(self, row: Row) -> dict[str, Any]:
        day = f"{row.modified_at:%Y-%m-%d}"
        return {
            "@odata.etag": 'W/"1"',
            "id": self.native_id(int(row.id)),
            "number": row.number,
            "customerName": row.name,
            "customerNumber": "C-1",
            "orderNumber": f"O-{row.id}",
            "externalDocumentNumber": f"OPP-{row.id}",
            "totalAmountExcludingTax": float(row.amount),
            "currencyCode": "EUR",
            "status": "Open",
            "invoiceDate": day,
            "dueDate": day,
            "regionCode": row.custom,
            "lastModifiedDateTime": f"{row.modified_at:%Y-%m-%dT%H:%M:%S.000Z}",
        }


class Graph(Microsoft):
    """One tenant with its audit log, which can be filtered and sorted, and takes no `$select`."""

    stream = "directory_audit"
    money = "activityDateTime"
    path = "/v1.0/auditLogs/directoryAudits"
    throttle = Reply({"error": {"code": "TooManyRequests", "message": "too many"}}, status=429)
    exempt = {
        "test_a_deleted_row_is_seen_to_be_gone": "no entry is deleted before its time is over"
    }

    @property
    def system(self) -> dict[str, Any]:
        return {
            "use": "microsoft_graph",
            "values": {"tenant": _TENANT},
            **self.credential(),
            "streams": {"directory_audit": {"map": {"region": "targetResources[0].displayName"}}},
        }

    def native_id(self, number: int) -> str:
        return f"Directory_{super().native_id(number)}_{number}"

    def native(self, row: Row) -> dict[str, Any]:
        stamp = f"{row.modified_at:%Y-%m-%dT%H:%M:%S.0000000Z}"
        return {
            "id": self.native_id(int(row.id)),
            "category": "ApplicationManagement",
            "result": "success",
            "resultReason": "",
            "activityDisplayName": row.name,
            "activityDateTime": stamp,
            "loggedByService": "Core Directory",
            "initiatedBy": {
                "user": {"userPrincipalName": f"{row.number}@firm.example"},
                "app": None,
            },
            "targetResources": [{"displayName": row.custom}],
        }

    def expected(self, row: Row) -> dict[str, Any]:
        owner = f"{row.number}@firm.example"
        return {"name": row.name, "owner": owner, "queue": None, "region": row.custom}

    def answer(self, request: Request) -> Reply:
        if request.path.startswith(f"{self.path}/"):
            return self._one(request.path.removeprefix(f"{self.path}/"), request)
        return super().answer(request)
