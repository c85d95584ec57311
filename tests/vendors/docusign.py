"""DocuSign's envelopes: log-in by a signed statement, one list with filters, pages by position."""

from datetime import datetime
from typing import Any
from urllib.parse import parse_qs

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from tests.servers import Reply, Request
from tests.vendors.netsuite import private_key
from tests.vendors.vendor import CANARY, Row, Vendor

_LIST = "/restapi/v2.1/accounts/acme/envelopes"
_USER = "00000000-0000-0000-0000-00000000beef"


class DocuSign(Vendor):
    """One account with envelopes."""

    stream = "envelope"
    money = "completedDateTime"
    throttle = Reply({"errorCode": "HOURLY_APIINVOCATION_LIMIT_EXCEEDED"}, status=429)

    def __init__(self) -> None:
        super().__init__()
        # A token that a person was given, as the client library in `clients` uses it.
        self.tokens.add(CANARY)

    @property
    def system(self) -> dict[str, Any]:
        token_url = f"{self.server.url}/oauth/token"
        return {
            "use": "docusign",
            "values": {"account": "acme", "user": _USER},
            "base_url": self.server.url,
            "auth": {"client_id": "tieout", "private_key": private_key(), "token_url": token_url},
            "streams": {
                "envelope": {
                    "map": {
                        "amount": "customFields.textCustomFields[name='Amount'].value",
                        "region": "customFields.textCustomFields[name='Region'].value",
                    }
                }
            },
        }

    def native_id(self, number: int) -> str:
        return f"00000000-0000-0000-0000-{number:012}"

    def native(self, row: Row) -> dict[str, Any]:
        stamp = f"{row.modified_at:%Y-%m-%dT%H:%M:%S.0000000Z}"
        fields = {"DealId": row.number, "Amount": str(row.amount), "Region": row.custom}
        return {
            "status": "completed",
            "envelopeId": self.native_id(int(row.id)),
            "emailSubject": row.name,
            "createdDateTime": stamp,
            "completedDateTime": stamp,
            "statusChangedDateTime": stamp,
            "lastModifiedDateTime": stamp,
            "customFields": {
                "textCustomFields": [
                    {"fieldId": str(number), "name": name, "show": "true", "value": value}
                    for number, (name, value) in enumerate(fields.items())
                ],
                "listCustomFields": [],
            },
        }

    def refusal(self) -> Reply:
        return Reply({"errorCode": "AUTHORIZATION_INVALID_TOKEN"}, status=401)

    def log_in(self, request: Request) -> Reply | None:
        if request.path != "/oauth/token":
            return None
        form = parse_qs(request.body.decode())
        try:
            key = RSAKey.import_key(private_key())
            claims = jwt.decode(form["assertion"][0], key, algorithms=["RS256"]).claims
        except (JoseError, KeyError):
            return Reply({"error": "invalid_grant"}, status=400)
        stated = claims["aud"], claims["sub"], claims["scope"]
        if stated != ("account.docusign.com", _USER, "signature impersonation"):
            return Reply({"error": "consent_required"}, status=400)
        return Reply({"access_token": self.issue(), "token_type": "Bearer", "expires_in": 3600})

    def answer(self, request: Request) -> Reply:
        if request.path != _LIST:
            return Reply({"errorCode": "RESOURCE_NOT_FOUND"}, status=404)
        if not (request.param("from_date") or request.param("envelope_ids")):
            return Reply({"errorCode": "INVALID_REQUEST_PARAMETER"}, status=400)
        found = [each for each in self.rows.values() if self._fits(each, request)]
        found.sort(key=lambda each: (each.modified_at, each.id))
        start = int(request.param("start_position", "0"))
        shown = found[start : start + min(int(request.param("count", "1000")), self.page)]
        envelopes = [self.sent(each) for each in shown]
        if request.param("include") != "custom_fields":
            envelopes = [{**each, "customFields": None} for each in envelopes]
        body = {
            "resultSetSize": str(len(shown)),
            "startPosition": str(start),
            "endPosition": str(start + len(shown) - 1),
            "totalSetSize": str(len(found)),
            "envelopes": envelopes,
        }
        return Reply(body if found else {"resultSetSize": "0", "totalSetSize": "0"})

    def _fits(self, row: Row, request: Request) -> bool:
        if ids := request.param("envelope_ids"):
            return self.native_id(int(row.id)) in ids.split(",")
        if request.param("custom_field") not in ("", f"DealId={row.number}"):
            return False
        since, until = request.param("from_date"), request.param("to_date")
        return datetime.fromisoformat(since) <= row.modified_at and (
            not until or row.modified_at <= datetime.fromisoformat(until)
        )
