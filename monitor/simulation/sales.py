"""A deal's life in CRM, CPQ and contracts, and the messages that leave them."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

from monitor.simulation.deals import (
    DONE,
    LOST,
    PEOPLE,
    WON,
    Terms,
    Write,
    copy_amount,
    spell,
)
from monitor.simulation.rows import Contract, Message, Opportunity, Quote


def sell(terms: Terms, random: Random) -> Iterator[Write]:
    """An opportunity that is negotiated, then won or lost, with its quotes."""
    opened_at = terms.closed_at - timedelta(days=random.randrange(10, 40))
    opportunity = Opportunity(
        id=f"006{terms.number:09}",
        deal=terms.key,
        created_at=opened_at,
        reference=terms.key,
        account_id=terms.account.id,
        name=f"{terms.account.name} rollout {terms.number}",
        stage="Negotiation",
        owner=random.choice(PEOPLE),
        amount=terms.amount,
        currency=terms.currency,
        closed_at=None,
    )
    yield Write(opportunity, opened_at)
    stage = random.choice(WON if terms.won else LOST)
    yield Write(replace(opportunity, stage=stage, closed_at=terms.closed_at), terms.closed_at)
    yield from _quote(terms, opened_at, random)


def _quote(terms: Terms, opened_at: datetime, random: Random) -> Iterator[Write]:
    """One to three versions; all but the last are superseded, with amounts of their own."""
    versions = random.choice((1, 1, 2, 3))
    for revision in range(1, versions + 1):
        is_last = revision == versions
        quoted_at = opened_at + timedelta(days=revision)
        quote = Quote(
            id=f"Q-{terms.suffix}-{revision}",
            deal=terms.key,
            created_at=quoted_at,
            reference=spell(terms.key, random),
            revision=revision,
            status="draft",
            total=copy_amount(terms.amount, random) if is_last else terms.amount * (4 - revision),
            currency=terms.currency,
            accepted_at=None,
        )
        yield Write(quote, quoted_at)
        if not is_last:
            yield Write(replace(quote, status="superseded"), quoted_at + timedelta(hours=20))
        elif terms.won:
            accepted = replace(quote, status="accepted", accepted_at=terms.closed_at)
            yield Write(accepted, terms.closed_at)


def sign(terms: Terms, random: Random) -> Contract:
    """The contract of a won deal; it is stored when it is signed."""
    return Contract(
        id=f"SOW-{terms.suffix}",
        deal=terms.key,
        created_at=terms.signed_at,
        reference=spell(terms.key, random),
        status="signed",
        value=copy_amount(terms.amount, random),
        currency=terms.currency,
        signed_at=terms.signed_at,
        start_at=terms.start_at,
        billing_rule=terms.billing_rule[0],
    )


def carry(terms: Terms, random: Random) -> Iterator[Write]:
    """The messages between the systems: waiting, perhaps tried again, then done."""
    sent = (
        ("opportunity_won", terms.closed_at),
        ("contract_signed", terms.signed_at),
        ("project_created", terms.staffed_at),
    )
    for index, (flow, sent_at) in enumerate(sent):
        waiting = Message(
            id=f"M{terms.suffix}{index}",
            deal=terms.key,
            created_at=sent_at,
            flow=flow,
            status="pending",
            attempts=0,
            attempted_at=sent_at,
            error=None,
        )
        yield Write(waiting, sent_at)
        done_at = sent_at + timedelta(seconds=random.randrange(5, 100))
        done = replace(
            waiting,
            status=random.choice(DONE),
            attempts=random.choice((1, 1, 1, 2, 3)),
            attempted_at=done_at,
        )
        yield Write(done, done_at)
