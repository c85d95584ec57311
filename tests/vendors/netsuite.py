"""NetSuite's SuiteQL over REST: log-in by a signed statement, SQL in a POST, pages by offset.

SQLite answers the queries; what NetSuite has beside SQL is added as functions. As in NetSuite every
value comes as text, column names are lower case, and instants are in the account's time zone.
"""

import re
import sqlite3
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from tests.servers import Reply, Request
from tests.vendors.vendor import CANARY, Row, Vendor

_TOKEN = "/services/rest/auth/oauth2/v1/token"
_QUERY = "/services/rest/query/v1/suiteql"
_ZONE = ZoneInfo("America/Los_Angeles")
_LIMIT = 100_000


@lru_cache
def private_key() -> str:
    """A key of which the account has the certificate."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


class NetSuite(Vendor):
    """One account with invoices."""

    stream = "invoice"
    money = "foreigntotal"
    throttle = Reply(
        {"title": "Concurrency limit", "o:errorDetails": [{"o:errorCode": "CONCURRENCY_LIMIT"}]},
        status=429,
    )

    @property
    def system(self) -> dict[str, Any]:
        return {
            "use": "netsuite",
            "values": {"account": "1234567"},
            "base_url": self.server.url,
            "auth": {"client_id": "tieout", "key_id": "C1", "private_key": private_key()},
            "streams": {"invoice": {"map": {"region": "custbody_region", "name": "memo"}}},
        }

    def native(self, row: Row) -> dict[str, Any]:
        stamp = f"{row.modified_at.astimezone(_ZONE):%Y-%m-%d %H:%M:%S}"
        return {
            "id": int(row.id),
            "type": "CustInvc",
            "tranid": row.number,
            "memo": row.name,
            "foreigntotal": str(row.amount),
            "currency": "EUR",
            "status": "Open",
            "trandate": stamp,
            "duedate": stamp,
            "createddate": stamp,
            "lastmodifieddate": stamp,
            "otherrefnum": f"OPP-{row.id}",
            "custbody_region": row.custom,
        }

    def log_in(self, request: Request) -> Reply | None:
        if request.path != _TOKEN:
            return None
        form = {name: value[0] for name, value in parse_qs(request.body.decode()).items()}
        try:
            token = jwt.decode(
                form["client_assertion"], RSAKey.import_key(private_key()), algorithms=["PS256"]
            )
        except (JoseError, KeyError):
            return Reply({"error": "invalid_grant"}, status=400)
        audience = "https://1234567.suitetalk.api.netsuite.com" + _TOKEN
        claims = token.claims
        if claims["aud"] != audience or claims["exp"] - claims["iat"] > 3600:
            return Reply({"error": "invalid_client"}, status=400)
        return Reply({"access_token": self.issue(), "expires_in": "3600", "token_type": "bearer"})

    def is_known(self, request: Request) -> bool:
        # The client library in `clients` knows only the older way, whose signature is not checked.
        shown = request.headers.get("authorization", "")
        is_signed = 'oauth_signature_method="HMAC-SHA256"' in shown and "oauth_signature=" in shown
        by_token = shown.startswith("OAuth ") and is_signed and f'oauth_token="{CANARY}"' in shown
        return by_token or super().is_known(request)

    def answer(self, request: Request) -> Reply:
        if request.path != _QUERY or request.headers.get("prefer") != "transient":
            return Reply({"title": "Bad Request", "status": 400}, status=400)
        limit, offset = int(request.param("limit", "1000")), int(request.param("offset", "0"))
        try:
            found = self._run(request.json["q"])
        except sqlite3.Error as error:
            detail = {
                "detail": f"Invalid search query. {error}",
                "o:errorCode": "INVALID_PARAMETER",
            }
            return Reply({"status": 400, "o:errorDetails": [detail]}, status=400)
        end = offset + min(limit, self.page)
        return Reply({
            "links": [],
            "count": len(found[offset:end]),
            "hasMore": end < min(len(found), _LIMIT),
            "items": [{"links": [], **each} for each in found[offset:end]],
            "offset": offset,
            "totalResults": len(found),
        })  # fmt: skip

    def _run(self, query: str) -> list[dict[str, str]]:
        with sqlite3.connect(":memory:") as database:
            database.create_function("TO_CHAR", 2, _to_char)
            database.create_function("TO_TIMESTAMP", 2, lambda text, form: text)
            database.create_function("DF", 1, lambda value: value)
            shown = [self.sent(each) for each in self.rows.values()] or [
                self.native(Row("0", "none"))
            ]
            columns = list(shown[0])
            database.execute(f"CREATE TABLE 'transaction' ({', '.join(columns)})")
            if self.rows:
                marks = ", ".join("?" for _ in columns)
                database.executemany(
                    f"INSERT INTO 'transaction' VALUES ({marks})",
                    [tuple(each.values()) for each in shown],
                )
            text = re.sub(r"\bBUILTIN\.DF\b", "DF", query)
            text = re.sub(r"\bFROM transaction\b", "FROM 'transaction'", text)
            found = database.execute(text)
            names = [column[0].lower() for column in found.description]
            rows = found.fetchall()
        database.close()
        return [
            {name: str(value) for name, value in zip(names, row, strict=True) if value is not None}
            for row in rows
        ]


def _to_char(text: str, form: str) -> str:
    return text[:10] if form == "YYYY-MM-DD" else text
