"""A deal's life in PSA and ERP: projects, work done, bills, and changes on the way."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from monitor.simulation.deals import (
    ACTIVE,
    FINISHED,
    PEOPLE,
    PLANNED,
    Terms,
    Write,
    copy_amount,
    spell,
    split_amount,
)
from monitor.simulation.rows import (
    Assignment,
    BillingLine,
    ChangeOrder,
    ErpChangeOrder,
    ErpProject,
    Invoice,
    Milestone,
    Project,
    PsaChangeOrder,
)

_ROLES = ("consultant", "architect", "project lead")


def open_project(terms: Terms, status: str, random: Random) -> Project:
    """The project in PSA, its start written in the time zone of whoever typed it."""
    return Project(
        id=f"PRJ-{terms.suffix}",
        deal=terms.key,
        created_at=terms.staffed_at,
        reference=spell(terms.key, random),
        name=f"{terms.account.name} rollout",
        status=status,
        budget=copy_amount(terms.amount, random),
        currency=terms.currency,
        start_at=terms.start_at,
        offset_minutes=random.choice((0, 60, 120, 330, -300)),
        billing_rule=terms.billing_rule[1],
    )


def deliver(terms: Terms, value: Decimal, random: Random) -> Iterator[Write]:
    """A won deal from its project to the last paid bill.

    Args:
        terms: what was agreed.
        value: the contract's value, which milestones and billing schedule add up to.
        random: where chance comes from.
    """
    project = open_project(terms, random.choice(PLANNED), random)
    yield Write(project, terms.staffed_at)
    yield Write(replace(project, status=random.choice(ACTIVE)), terms.start_at)
    yield from _assign(terms, project, random)
    yield Write(_book(terms, random), terms.booked_at)
    done_at = terms.start_at
    for line, amount in enumerate(split_amount(value, random.randrange(2, 5)), start=1):
        done_at += timedelta(minutes=random.randrange(4_000, 15_000))
        yield from _reach_milestone(terms, line, amount, done_at, random)
    last_word = random.choice((*FINISHED, *FINISHED, *FINISHED, *ACTIVE))
    yield Write(replace(project, status=last_word), done_at + timedelta(days=1))
    yield from _change(terms, random)


def _assign(terms: Terms, project: Project, random: Random) -> Iterator[Write]:
    for index in range(random.randrange(1, 4)):
        assignment = Assignment(
            id=f"AS-{terms.suffix}-{index}",
            deal=terms.key,
            created_at=terms.staffed_at,
            project_id=project.id,
            person=random.choice(PEOPLE),
            role=random.choice(_ROLES),
            hours=Decimal(random.randrange(8, 400)),
            rate=Decimal(random.randrange(6_000, 22_000)) / 100,
            currency=terms.currency,
        )
        yield Write(assignment, terms.staffed_at + timedelta(minutes=5 * index))


def _book(terms: Terms, random: Random) -> ErpProject:
    return ErpProject(
        id=f"EP{terms.suffix}",
        deal=terms.key,
        created_at=terms.booked_at,
        reference=spell(terms.key, random),
        customer_id=f"C{terms.account.id[3:]}",
        cost_centre=random.choice(("CC10", "CC20", "", None)),
        budget=copy_amount(terms.amount, random),
        currency=terms.currency,
        start_at=terms.start_at,
    )


def _reach_milestone(
    terms: Terms, line: int, amount: Decimal, done_at: datetime, random: Random
) -> Iterator[Write]:
    """A milestone with its line in the billing schedule, done in time and billed."""
    milestone = Milestone(
        id=f"MS-{terms.suffix}-{line}",
        deal=terms.key,
        created_at=terms.staffed_at,
        project_id=f"PRJ-{terms.suffix}",
        name=f"Milestone {line}",
        amount=amount,
        currency=terms.currency,
        due_on=done_at.date(),
        completed_at=None,
    )
    yield Write(milestone, terms.staffed_at)
    yield Write(replace(milestone, completed_at=done_at), done_at)
    billing_line = BillingLine(
        id=f"BL{terms.suffix}{line}",
        deal=terms.key,
        created_at=terms.booked_at,
        project_id=f"EP{terms.suffix}",
        line=line,
        amount=amount,
        currency=terms.currency,
        due_on=done_at.date() + timedelta(days=30),
    )
    yield Write(billing_line, terms.booked_at)
    issued_at = done_at + timedelta(minutes=random.randrange(5, 1_200))
    invoice = Invoice(
        id=f"INV-{terms.suffix}-{line}",
        deal=terms.key,
        created_at=issued_at,
        reference=spell(terms.key, random),
        status="open",
        amount=amount,
        currency=terms.currency,
        issued_at=issued_at,
    )
    yield Write(invoice, issued_at)
    yield Write(replace(invoice, status="paid"), issued_at + timedelta(days=14))


def _change(terms: Terms, random: Random) -> Iterator[Write]:
    """At times a change order or two, approved in CRM and carried to PSA and ERP the same day."""
    for index in range(1, random.choice((0, 0, 0, 1, 2)) + 1):
        approved_at = terms.start_at + timedelta(minutes=random.randrange(60, 9_000))
        staffed_at = approved_at + timedelta(minutes=random.randrange(5, 300))
        booked_at = staffed_at + timedelta(minutes=random.randrange(1, 60))
        number = f"{terms.key}-CO{index}"
        amount = Decimal(random.randrange(-90_000, 900_000)) / 100
        copies: tuple[tuple[type[ChangeOrder], str, str, datetime], ...] = (
            (ChangeOrder, "CO", number, approved_at),
            (PsaChangeOrder, "PCO", number.lower(), staffed_at),
            (ErpChangeOrder, "ECO", f" {number}", booked_at),
        )
        for row_class, prefix, typed, arrived_at in copies:
            copy = row_class(
                id=f"{prefix}-{terms.suffix}-{index}",
                deal=terms.key,
                created_at=arrived_at,
                number=typed,
                reference=spell(terms.key, random),
                amount=amount,
                currency=terms.currency,
                approved_at=approved_at,
            )
            yield Write(copy, arrived_at)
