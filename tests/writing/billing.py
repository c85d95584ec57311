"""The fake target as a landscape describes it."""

from typing import Any, Final

READER: Final = "reader-token"
WRITER: Final = "writer-token"


def billing_system(url: str) -> dict[str, Any]:
    """The settings of the system, with secrets as they are."""
    fields = {name: name for name in ("number", "currency")}
    mapped = {**fields, "status": "state", "amount": "total", "issued_on": "day"}
    listed = {"path": "/invoices", "select": "items"}
    one = {"path": "/invoices/{id}", "precondition": {"kind": "etag"}}
    idempotency = {"header": "Idempotency-Key"}
    return {
        "probe": "rest",
        "base_url": url,
        "auth": {"kind": "bearer", "token": READER},
        "write": {"auth": {"kind": "bearer", "token": WRITER}},
        "streams": {
            "invoice": {
                "entity": "invoice",
                "id": "id",
                "map": mapped,
                "refers": {"deal": "deal"},
                "cursor": {"field": "modified"},
                "deletes": {"kind": "sweep"},
                "read": {**listed, "since_param": "since"},
                "fetch": {"path": "/invoices/{id}"},
                "lookup": {"deal": {**listed, "param": "deal"}},
                "ids": listed,
                "write": {
                    "fields": mapped,
                    "keys": {"deal": "deal"},
                    "create": {"path": "/invoices", "id": "id", "idempotency": idempotency},
                    "update": one,
                    "delete": one,
                    "triggers": {
                        "bill": {
                            "path": "/flows/bill",
                            "body": {"deal": "{deal}"},
                            "idempotency": idempotency,
                        }
                    },
                },
            }
        },
    }
