"""How each system writes its rows as JSON: its own names, shapes, stamps, and ways of money."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from functools import singledispatch
from typing import Any

from monitor.simulation.rows import (
    Account,
    Assignment,
    BillingLine,
    ChangeOrder,
    Contract,
    Customer,
    ErpChangeOrder,
    ErpProject,
    Invoice,
    Message,
    Milestone,
    Opportunity,
    Project,
    PsaChangeOrder,
    Quote,
    Row,
)
from monitor.simulation.tables import Version

Document = dict[str, Any]

_CONTRACTS_OFFSET = timedelta(hours=1)


def zulu(instant: datetime | None) -> str | None:
    """ISO 8601 with `Z`, as CRM and ERP write it."""
    if instant is None:
        return None
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def local(instant: datetime, offset: timedelta) -> str:
    """ISO 8601 with an offset, as contracts and PSA write it."""
    return instant.astimezone(timezone(offset)).isoformat(timespec="milliseconds")


def epoch_ms(instant: datetime) -> int:
    """Milliseconds since 1970, as the middleware writes it."""
    return (instant - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


@singledispatch
def render(row: Row, version: Version) -> Document:
    """The row as its system shows it.

    Raises:
        TypeError: no system shows such rows.
    """
    raise TypeError(f"no system shows {type(row).__name__}")


def _crm(version: Version, facts: Mapping[str, Any]) -> Document:
    row = version.row
    return {
        "id": row.id,
        **facts,
        "created_at": zulu(row.created_at),
        "updated_at": zulu(version.modified_at),
        "is_deleted": version.deleted,
    }


@render.register
def _(row: Account, version: Version) -> Document:
    return _crm(version, {"name": row.name, "country": row.country, "vat_number": row.tax_number})


@render.register
def _(row: Opportunity, version: Version) -> Document:
    return _crm(
        version,
        {
            "number": row.reference,
            "account_id": row.account_id,
            "name": row.name,
            "stage": row.stage,
            "owner": row.owner,
            "amount": row.amount,
            "currency": row.currency,
            "closed_at": zulu(row.closed_at),
        },
    )


@render.register
def _(row: ChangeOrder, version: Version) -> Document:
    return _crm(
        version,
        {
            "number": row.number,
            "opportunity_number": row.reference,
            "amount": row.amount,
            "currency": row.currency,
            "approved_at": zulu(row.approved_at),
        },
    )


@render.register
def _(row: Quote, version: Version) -> Document:
    return {
        "quoteId": row.id,
        "opportunity": row.reference,
        "version": row.revision,
        "status": row.status.upper(),
        "grandTotal": row.total,
        "currencyCode": row.currency,
        "acceptedAt": zulu(row.accepted_at),
        "createdAt": zulu(row.created_at),
        "modifiedAt": zulu(version.modified_at),
    }


@render.register
def _(row: Contract, version: Version) -> Document:
    return {
        "contract_number": row.id,
        "opportunity_ref": row.reference,
        "state": row.status,
        "value": {"amount": row.value, "currency": row.currency},
        "billing_rule": row.billing_rule,
        "signed_at": local(row.signed_at, _CONTRACTS_OFFSET),
        "effective_from": local(row.start_at, _CONTRACTS_OFFSET),
        "filed_at": local(row.created_at, _CONTRACTS_OFFSET),
        "changed_at": local(version.modified_at, _CONTRACTS_OFFSET),
        "archived": version.deleted,
    }


def _psa(version: Version, attributes: Mapping[str, Any], links: Mapping[str, str]) -> Document:
    return {
        "id": version.row.id,
        "attributes": dict(attributes),
        "links": dict(links),
        "meta": {
            "created": local(version.row.created_at, timedelta()),
            "modified": local(version.modified_at, timedelta()),
        },
    }


@render.register
def _(row: Project, version: Version) -> Document:
    attributes = {
        "name": row.name,
        "status": row.status,
        "budget": row.budget,
        "currency": row.currency,
        "start": local(row.start_at, timedelta(minutes=row.offset_minutes)),
        "billing_rule": row.billing_rule,
    }
    return _psa(version, attributes, {"opportunity": row.reference})


@render.register
def _(row: Assignment, version: Version) -> Document:
    attributes = {
        "person": row.person,
        "role": row.role,
        "hours": row.hours,
        "rate": row.rate,
        "currency": row.currency,
    }
    return _psa(version, attributes, {"project": row.project_id})


@render.register
def _(row: Milestone, version: Version) -> Document:
    attributes = {
        "name": row.name,
        "amount": row.amount,
        "currency": row.currency,
        "due": row.due_on.isoformat(),
        "completed": None if row.completed_at is None else local(row.completed_at, timedelta()),
    }
    return _psa(version, attributes, {"project": row.project_id})


@render.register
def _(row: PsaChangeOrder, version: Version) -> Document:
    attributes = {
        "number": row.number,
        "amount": row.amount,
        "currency": row.currency,
        "approved": local(row.approved_at, timedelta()),
    }
    return _psa(version, attributes, {"opportunity": row.reference})


def _erp(version: Version, facts: Mapping[str, Any]) -> Document:
    row = version.row
    return {
        "id": row.id,
        **facts,
        "created": zulu(row.created_at),
        "modified": zulu(version.modified_at),
        "active": not version.deleted,
    }


@render.register
def _(row: Customer, version: Version) -> Document:
    return _erp(
        version,
        {
            "crmAccount": row.account_id,
            "name": row.name,
            "country": row.country,
            "vatId": row.tax_number,
        },
    )


@render.register
def _(row: ErpProject, version: Version) -> Document:
    return _erp(
        version,
        {
            "externalReference": row.reference,
            "customer": row.customer_id,
            "costCentre": row.cost_centre,
            "budget": format(row.budget, "f"),
            "currency": row.currency,
            "start": zulu(row.start_at),
        },
    )


@render.register
def _(row: BillingLine, version: Version) -> Document:
    return _erp(
        version,
        {
            "project": row.project_id,
            "line": row.line,
            "amount": format(row.amount, "f"),
            "currency": row.currency,
            "dueDate": row.due_on.isoformat(),
        },
    )


@render.register
def _(row: Invoice, version: Version) -> Document:
    return _erp(
        version,
        {
            "externalReference": row.reference,
            "status": row.status,
            "amount": format(row.amount, "f"),
            "currency": row.currency,
            "issued": zulu(row.issued_at),
        },
    )


@render.register
def _(row: ErpChangeOrder, version: Version) -> Document:
    return _erp(
        version,
        {
            "number": row.number,
            "externalReference": row.reference,
            "amount": format(row.amount, "f"),
            "currency": row.currency,
            "approved": zulu(row.approved_at),
        },
    )


@render.register
def _(row: Message, version: Version) -> Document:
    return {
        "messageId": row.id,
        "correlationId": row.deal,
        "flow": row.flow,
        "status": row.status,
        "attempts": row.attempts,
        "error": row.error,
        "createdMs": epoch_ms(row.created_at),
        "attemptedMs": epoch_ms(row.attempted_at),
        "modifiedMs": epoch_ms(version.modified_at),
    }
