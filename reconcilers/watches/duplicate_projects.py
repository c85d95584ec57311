"""Duplicate projects: records of one stream that mean the same project.

A replayed message or a second set-up by hand makes another project for work that has one. Where it
bears the deal's key, the rule `duplicate` finds it; this watch finds it by its name, its customer
and the day on which it starts. Names are compared without case, accents and the order of their
words; those with other numbers are others, because the second phase is not the first. The same
name for the same customer a year later is a project that comes back.

What is not sure is asked of people, as with `duplicate_customers`: `tieout candidates` lists such
pairs, and what `tieout decide` says of one is honoured from then on. A group is named after its
oldest record by `created_at`, where that is mapped.

With `across`, the records of all streams are compared with one another: two projects of the ERP
that do not look alike can both be the one of the PSA.
"""

from typing import Literal

from monitor.core.breaks import BreakKind
from monitor.core.plugins import WatchContext
from monitor.core.streams import Settings
from reconcilers.watches.held_twice import HeldTwice, HeldTwiceSettings, build_watch

EXAMPLE = """\
same_project:
  check: duplicate_projects
  streams: [psa.project]
  compare: {name: name, start: start_on}
"""


class ComparedProjectFields(Settings):
    """Which field of the records tells what; empty: none does."""

    name: str
    customer: str = ""
    """A name or a number, but of one kind in every stream."""
    start: str = ""
    """A date, an instant, or a text that begins with a date as ISO 8601 writes it."""


class DuplicateProjectsSettings(HeldTwiceSettings):
    """Every project is held once."""

    finds = frozenset({BreakKind.DUPLICATE})
    check: Literal["duplicate_projects"]
    compare: ComparedProjectFields
    """By which fields, of every stream alike."""


def build(name: str, settings: DuplicateProjectsSettings, context: WatchContext) -> HeldTwice:
    """A watch from its settings.

    Raises:
        ValueError: a stream or a field is unknown, or a field is of a type that is not compared.
    """
    compared = {part: given for part, given in settings.compare if given}
    return build_watch(name, settings, compared, context)
