"""Screens: how a rule sorts out transactions that cannot break it, a whole estate at a time.

A screen is cheap and errs on one side only: a transaction that it lets go has no finding of the
rule; one that it holds gets the rule's full look. It states facts, each one figure a transaction,
and a suspicion over them, so that the facts of all rules can be gathered in one pass over the data.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol, runtime_checkable

import polars as pl

from monitor.core.model import StreamId

EVERY_ROW = pl.lit(value=True)


def identity_of(expression: pl.Expr) -> str:
    """What two expressions have in common when they are the same; a list's words included.

    The text of an expression is no identity: it leaves out what a list holds.
    """
    return hashlib.sha256(expression.meta.serialize()).hexdigest()[:16]


class Aggregate(StrEnum):
    """How the values of a transaction's rows become one."""

    MIN = "min"
    MAX = "max"
    SUM = "sum"
    COUNT = "count"


@dataclass(frozen=True, slots=True)
class Fact:
    """One figure about a transaction.

    Attributes:
        stream: whose rows are looked at.
        how: how the values become one. `COUNT` counts rows and looks at no value.
        value: over the stream's canonical fields and, for the keys of kind k, the column
            `_key:k` (text; null for a row without one).
        where: which rows count. A rule looks at no row of a stream that counts in none of its
            facts.
    """

    stream: StreamId
    how: Aggregate
    value: pl.Expr = EVERY_ROW
    where: pl.Expr = EVERY_ROW


@dataclass(frozen=True, slots=True)
class Screen:
    """What a rule asks of every transaction.

    Attributes:
        facts: by name. In a transaction without rows that count, a `COUNT` is 0 and every other
            fact is null.
        suspicious: over columns of these names; a transaction for which it is true gets the
            full look. Null is false.
    """

    facts: Mapping[str, Fact]
    suspicious: pl.Expr


@runtime_checkable
class Screened(Protocol):
    """A rule that can sort out; every transaction gets the full look by rules that cannot."""

    def screen(self, now: datetime) -> Screen | None:
        """The screen; None where the rule's settings leave nothing to sort out by."""
        ...


def wrapping_sum(value: pl.Expr) -> pl.Expr:
    """A value whose sum tells two multisets of texts apart, all but once in 2⁶⁴ cases."""
    return value.hash().reinterpret(signed=True)
