"""Duplicate customers: records of one stream that mean the same customer.

Names are compared without case, accents, legal forms and the order of their words; addresses,
tax numbers, domains and phone numbers speak for and against. What agreement is worth follows from
how rare the value is in this estate, so that the check is as sure among a million customers as
among a thousand. How many duplicates to expect is learnt from the estate itself: in one that was
never tended less evidence is enough. Where it is not enough, the pair is a candidate: `tieout
candidates` lists those, and what `tieout decide` says of a pair is honoured from then on.

A group is named after its oldest record by `created_at`, where that is mapped, and keeps its name
for as long as it can be known again.

A look compares what has changed since the last one. When that is one record in a hundred, or after
a restart, what is rare is counted again and everything compared anew.

With `across`, the records of all streams are compared with one another: two records of the ERP
that do not look alike can both be the one account of the CRM.
"""

from typing import Literal

from monitor.core.breaks import BreakKind
from monitor.core.plugins import WatchContext
from monitor.core.streams import Settings
from reconcilers.watches.held_twice import HeldTwice, HeldTwiceSettings, build_watch

EXAMPLE = """\
same_customer:
  check: duplicate_customers
  streams: [erp.customer]
  compare: {name: name, tax: tax_number, domain: domain, phone: phone}
"""


class ComparedFields(Settings):
    """Which field of the records tells what; empty: none does."""

    name: str
    street: str = ""
    city: str = ""
    postcode: str = ""
    tax: str = ""
    domain: str = ""
    phone: str = ""


class DuplicateCustomersSettings(HeldTwiceSettings):
    """Every customer is held once."""

    finds = frozenset({BreakKind.DUPLICATE})
    check: Literal["duplicate_customers"]
    compare: ComparedFields
    """By which fields, of every stream alike."""


def build(name: str, settings: DuplicateCustomersSettings, context: WatchContext) -> HeldTwice:
    """A watch from its settings.

    Raises:
        ValueError: a stream or a field is unknown, or a field is no text.
    """
    compared = {part: given for part, given in settings.compare if given}
    return build_watch(name, settings, compared, context)
