"""SAP's OData 2: rows under `d.results`, links for the next page, instants as `/Date(…)/`."""

import base64
from typing import Any

from tests.servers import Reply, Request
from tests.vendors import odata
from tests.vendors.vendor import CANARY, Row, Vendor

_SERVICE = "/sap/opu/odata/sap/API_SALES_ORDER_SRV"
_SET = f"{_SERVICE}/A_SalesOrder"
_PROPERTIES = {
    "TotalNetAmount": "Edm.Decimal",
    "TransactionCurrency": "Edm.String",
    "OverallSDProcessStatus": "Edm.String",
    "SalesOrderDate": "Edm.DateTime",
    "LastChangeDateTime": "Edm.DateTimeOffset",
    "PurchaseOrderByCustomer": "Edm.String",
    "SalesOrderType": "Edm.String",
    "YY1_Region_SDH": "Edm.String",
}
METADATA = f"""<?xml version="1.0" encoding="utf-8"?>
<edmx:Edmx Version="1.0" xmlns:edmx="http://schemas.microsoft.com/ado/2007/06/edmx"
  xmlns:m="http://schemas.microsoft.com/ado/2007/08/dataservices/metadata"
  xmlns:sap="http://www.sap.com/Protocols/SAPData">
 <edmx:DataServices m:DataServiceVersion="2.0">
  <Schema Namespace="API_SALES_ORDER_SRV" xmlns="http://schemas.microsoft.com/ado/2008/09/edm">
   <EntityType Name="A_SalesOrderType">
    <Key><PropertyRef Name="SalesOrder"/></Key>
    <Property Name="SalesOrder" Type="Edm.String" Nullable="false"/>
    {"".join(f'<Property Name="{name}" Type="{kind}"/>' for name, kind in _PROPERTIES.items())}
   </EntityType>
   <EntityContainer Name="API_SALES_ORDER_SRV_Entities" m:IsDefaultEntityContainer="true">
    <EntitySet Name="A_SalesOrder" EntityType="API_SALES_ORDER_SRV.A_SalesOrderType"/>
   </EntityContainer>
  </Schema>
 </edmx:DataServices>
</edmx:Edmx>
"""


class Sap(Vendor):
    """One tenant with sales orders."""

    stream = "order"
    money = "TotalNetAmount"
    issues_tokens = False

    @property
    def system(self) -> dict[str, Any]:
        return {
            "use": "sap_s4hana",
            "base_url": self.server.url,
            "auth": {"username": "TIEOUT", "password": CANARY},
            "streams": {"order": {"map": {"region": "YY1_Region_SDH", "name": "SalesOrderType"}}},
        }

    def native_id(self, number: int) -> str:
        return f"{number:010}"

    def native(self, row: Row) -> dict[str, Any]:
        ticks = int(row.modified_at.timestamp() * 1000)
        return {
            "SalesOrder": self.native_id(int(row.id)),
            "SalesOrderType": row.name,
            "TotalNetAmount": f"{row.amount:.2f}",
            "TransactionCurrency": "EUR",
            "OverallSDProcessStatus": "A",
            "SalesOrderDate": f"/Date({ticks - ticks % 86_400_000})/",
            "LastChangeDateTime": f"/Date({ticks}+0000)/",
            "PurchaseOrderByCustomer": row.number,
            "YY1_Region_SDH": row.custom,
        }

    def is_known(self, request: Request) -> bool:
        pair = base64.b64encode(f"TIEOUT:{CANARY}".encode()).decode()
        return request.headers.get("authorization") == f"Basic {pair}"

    def answer(self, request: Request) -> Reply:
        if request.path == f"{_SERVICE}/$metadata":
            return Reply(METADATA.encode(), headers={"Content-Type": "application/xml"})
        if request.path != _SET:
            return Reply({"error": {"code": "/IWFND/MED/170"}}, status=404)
        try:
            found = odata.find((self.sent(row) for row in self.rows.values()), request)
        except odata.BadRequest as error:
            return odata.bad_request(error)
        start = int(request.param("$skiptoken", "0"))
        end = start + self.page
        results = [{"__metadata": {"type": "API_SALES_ORDER_SRV.A_SalesOrderType",
                                   "uri": f"{self.server.url}{_SET}('{number}')"}, **each}
                   for number, each in enumerate(found[start:end])]  # fmt: skip
        body: dict[str, Any] = {"results": results}
        if end < len(found):
            joint = "&" if "?" in request.target else "?"
            target = request.target.split(f"{joint}$skiptoken")[0]
            body["__next"] = f"{self.server.url}{target}{joint}$skiptoken={end}"
        return Reply({"d": body})
