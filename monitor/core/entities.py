"""The canonical business objects of sales-to-cash and the fields they carry.

A landscape adds fields and entities of its own; it cannot retype what stands here.
"""

from collections.abc import Mapping

from monitor.core.model import FieldType

EntityFields = Mapping[str, FieldType]

_TEXT, _INTEGER, _DECIMAL = FieldType.TEXT, FieldType.INTEGER, FieldType.DECIMAL
_INSTANT, _DATE, _BOOLEAN = FieldType.INSTANT, FieldType.DATE, FieldType.BOOLEAN

_PROVENANCE: EntityFields = {
    "number": _TEXT,
    "name": _TEXT,
    "status": _TEXT,
    "owner": _TEXT,
    "region": _TEXT,
    "legal_entity": _TEXT,
    "service_line": _TEXT,
    "created_at": _INSTANT,
}
_MONEY: EntityFields = {"amount": _DECIMAL, "currency": _TEXT}
_TERM: EntityFields = {"start_at": _INSTANT, "start_on": _DATE, "end_on": _DATE}

ENTITIES: Mapping[str, EntityFields] = {
    "customer": {**_PROVENANCE, "tax_number": _TEXT, "domain": _TEXT, "address": _TEXT,
                 "street": _TEXT, "city": _TEXT, "postcode": _TEXT, "country": _TEXT,
                 "phone": _TEXT},
    "opportunity": {**_PROVENANCE, **_MONEY, **_TERM, "closed_at": _INSTANT},
    "quote": {**_PROVENANCE, **_MONEY, "accepted_at": _INSTANT, "revision": _INTEGER},
    "contract": {**_PROVENANCE, **_MONEY, **_TERM, "signed_at": _INSTANT, "revision": _INTEGER,
                 "billing_rule": _TEXT, "payment_terms": _TEXT},
    "project": {**_PROVENANCE, **_MONEY, **_TERM, "billing_rule": _TEXT, "cost_centre": _TEXT,
                "closed_at": _INSTANT},
    "assignment": {**_PROVENANCE, **_TERM, "person": _TEXT, "role": _TEXT, "hours": _DECIMAL,
                   "rate": _DECIMAL, "currency": _TEXT},
    "milestone": {**_PROVENANCE, **_MONEY, "due_on": _DATE, "completed_at": _INSTANT,
                  "billed": _BOOLEAN},
    "timecard": {**_PROVENANCE, "person": _TEXT, "worked_on": _DATE, "hours": _DECIMAL,
                 "rate": _DECIMAL, "currency": _TEXT},
    "billing_schedule": {**_PROVENANCE, **_MONEY, "due_on": _DATE, "line": _INTEGER},
    "change_order": {**_PROVENANCE, **_MONEY, "approved_at": _INSTANT, "revision": _INTEGER},
    "invoice": {**_PROVENANCE, **_MONEY, "tax_code": _TEXT, "issued_on": _DATE,
                "due_on": _DATE, "issued_at": _INSTANT},
    "message": {**_PROVENANCE, "flow": _TEXT, "queue": _TEXT, "attempts": _INTEGER,
                "updated_at": _INSTANT, "error": _TEXT},
    "cross_reference": {**_PROVENANCE},
}  # fmt: skip

MOMENTS: Mapping[str, str] = {
    "opportunity": "closed_at",
    "quote": "accepted_at",
    "contract": "signed_at",
    "change_order": "approved_at",
    "milestone": "completed_at",
    "invoice": "issued_at",
    "message": "updated_at",
}
"""The instant field that places an entity on a deal's way; `created_at` for all others."""
