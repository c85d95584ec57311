"""What each simulated system keeps: one typed row class an object type.

`deal` is the business key in its one true form and is never shown; `reference` is how a person
typed it into that system. Money is Decimal, instants are aware UTC.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import ClassVar

from monitor.core.model import StreamId


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row of some system.

    Attributes:
        id: the system's own identifier.
        deal: business key of the deal; empty where the row belongs to none.
        created_at: when the system got it.
    """

    stream: ClassVar[StreamId]
    entity: ClassVar[str]
    id: str
    deal: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Account(Row):
    """A customer as sales know it."""

    stream = StreamId("crm", "accounts")
    entity = "customer"
    name: str
    country: str
    tax_number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Opportunity(Row):
    """A deal as sales know it: the root of every transaction."""

    stream = StreamId("crm", "opportunities")
    entity = "opportunity"
    reference: str
    account_id: str
    name: str
    stage: str
    owner: str
    amount: Decimal
    currency: str
    closed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeOrder(Row):
    """A change that the customer approved; the copies in PSA and ERP have classes of their own."""

    stream = StreamId("crm", "change_orders")
    entity = "change_order"
    number: str
    reference: str
    amount: Decimal
    currency: str
    approved_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PsaChangeOrder(ChangeOrder):
    """The copy that delivery works by."""

    stream = StreamId("psa", "change_orders")


@dataclass(frozen=True, slots=True, kw_only=True)
class ErpChangeOrder(ChangeOrder):
    """The copy that billing works by."""

    stream = StreamId("erp", "change_orders")


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote(Row):
    """One version of an offer; one of a deal is accepted, the older ones are superseded."""

    stream = StreamId("cpq", "quotes")
    entity = "quote"
    reference: str
    revision: int
    status: str
    total: Decimal
    currency: str
    accepted_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract(Row):
    """What was signed."""

    stream = StreamId("contracts", "contracts")
    entity = "contract"
    reference: str
    status: str
    value: Decimal
    currency: str
    signed_at: datetime
    start_at: datetime
    billing_rule: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Project(Row):
    """A project in PSA; `offset_minutes` is the time zone in which its start is written."""

    stream = StreamId("psa", "projects")
    entity = "project"
    reference: str
    name: str
    status: str
    budget: Decimal
    currency: str
    start_at: datetime
    offset_minutes: int
    billing_rule: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment(Row):
    """A person on a project."""

    stream = StreamId("psa", "assignments")
    entity = "assignment"
    project_id: str
    person: str
    role: str
    hours: Decimal
    rate: Decimal
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Milestone(Row):
    """A step of a project that is billed when it is done."""

    stream = StreamId("psa", "milestones")
    entity = "milestone"
    project_id: str
    name: str
    amount: Decimal
    currency: str
    due_on: date
    completed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer(Row):
    """A customer as billing knows it."""

    stream = StreamId("erp", "customers")
    entity = "customer"
    account_id: str
    name: str
    country: str
    tax_number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ErpProject(Row):
    """A project as billing knows it."""

    stream = StreamId("erp", "projects")
    entity = "project"
    reference: str
    customer_id: str
    cost_centre: str | None
    budget: Decimal
    currency: str
    start_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class BillingLine(Row):
    """One line of a billing schedule; the lines of a project add up to the contract's value."""

    stream = StreamId("erp", "billing_lines")
    entity = "billing_schedule"
    project_id: str
    line: int
    amount: Decimal
    currency: str
    due_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice(Row):
    """A bill for a completed milestone."""

    stream = StreamId("erp", "invoices")
    entity = "invoice"
    reference: str
    status: str
    amount: Decimal
    currency: str
    issued_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Message(Row):
    """A record on its way between two systems; its correlation id is the deal's key."""

    stream = StreamId("middleware", "messages")
    entity = "message"
    flow: str
    status: str
    attempts: int
    attempted_at: datetime
    error: str | None


ROW_CLASSES: tuple[type[Row], ...] = (
    Account,
    Opportunity,
    ChangeOrder,
    Quote,
    Contract,
    Project,
    Assignment,
    Milestone,
    PsaChangeOrder,
    Customer,
    ErpProject,
    BillingLine,
    Invoice,
    ErpChangeOrder,
    Message,
)
"""Every object type of the firm."""
