"""A trial of a firm's own rule on made-up transactions, before any real one is shown to it.

A rule is asked about a few transactions at a time, whichever were touched, so what it says of one
must not depend on another. That cannot be read from a query or a function, but it can be tried:
asked about some transactions together and about each of them apart, it must say the same.
"""

import random
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import chain
from typing import Any

import polars as pl

from monitor.core.entities import EntityFields
from monitor.core.model import FieldType
from monitor.core.ports import INSTANT, MONEY

Tables = Mapping[str, pl.DataFrame]
"""Tables by name, `system.stream`."""

Ask = Callable[[Tables], pl.DataFrame]
"""A firm's own query or function. Whatever is wrong with it, it raises ValueError."""

PROVENANCE: Mapping[str, FieldType] = {
    "transaction": FieldType.TEXT,
    "record_id": FieldType.TEXT,
    "modified_at": FieldType.INSTANT,
    "observed_at": FieldType.INSTANT,
}
"""What each table has beside the fields of its entity."""

_TYPES: Mapping[FieldType, pl.DataType] = {
    FieldType.TEXT: pl.String(),
    FieldType.INTEGER: pl.Int64(),
    FieldType.DECIMAL: MONEY,
    FieldType.BOOLEAN: pl.Boolean(),
    FieldType.INSTANT: INSTANT,
    FieldType.DATE: pl.Date(),
}
_CROWD = [f"D{number}" for number in range(200)]
_PARTS: Sequence[Sequence[Sequence[str]]] = [
    *([["A"], ["B"], ["C"]] for _ in range(20)),
    *([_CROWD[:100], _CROWD[100:]] for _ in range(2)),
]
"""How the transactions of each round are taken apart: a few one by one, a crowd in halves."""
_MOST_ROWS = 3
_SOME_DAY = datetime(2026, 3, 31, 12, tzinfo=UTC)

Row = Mapping[str, Any]


def mixed(ask: Ask, fields: Mapping[str, EntityFields], written: str) -> bool:
    """Whether the answer about some transactions is another than those about each of them.

    Args:
        ask: answers with the column `_transaction` and others.
        fields: canonical fields by table.
        written: the rule as written; the made-up values are taken from its words and numbers,
            so that its conditions are met now and then.
    """
    chance = random.Random(written)  # noqa: S311 - made-up values, the same at each start
    return any(_mixes(ask, fields, _Values(chance, written), parts) for parts in _PARTS)


def _mixes(
    ask: Ask, fields: Mapping[str, EntityFields], values: "_Values", parts: Sequence[Sequence[str]]
) -> bool:
    """Whether the answer about all of them is another than those about each part."""
    rows = {
        table: [values.rows(table, of_entity, deals) for deals in parts]
        for table, of_entity in fields.items()
    }
    whole = ask(made_up_tables(fields, {table: list(chain(*rows[table])) for table in rows}))
    apart = [
        ask(made_up_tables(fields, {table: rows[table][number] for table in rows}))
        for number in range(len(parts))
    ]
    strangers = (
        not answer["_transaction"].is_in(deals).all()
        for answer, deals in zip(apart, parts, strict=True)
    )
    return any(strangers) or not _same(whole, pl.concat(apart))


def made_up_tables(
    fields: Mapping[str, EntityFields], rows: Mapping[str, Sequence[Row]]
) -> dict[str, pl.DataFrame]:
    """Tables of these rows, typed; a table without rows is empty."""
    return {
        table: pl.DataFrame(
            rows.get(table, ()),
            schema={name: _TYPES[kind] for name, kind in {**PROVENANCE, **of_entity}.items()},
        )
        for table, of_entity in fields.items()
    }


def _same(one: pl.DataFrame, other: pl.DataFrame) -> bool:
    return one.sort(pl.all()).equals(other.sort(pl.all()))


class _Values:
    """A handful of values of each type, few enough that they meet one another."""

    def __init__(self, chance: random.Random, written: str) -> None:
        words = [word for word in re.findall(r"'((?:[^']|'')*)'", written) if word]
        numbers = [Decimal(each) for each in re.findall(r"\b\d{1,9}(?:\.\d{1,6})?\b", written)]
        number = chance.choice([*numbers, Decimal(1)])
        self._chance = chance
        self._values: Mapping[FieldType, Sequence[Any]] = {
            FieldType.TEXT: [*chance.choices([*words, "x"], k=2), "y", None],
            FieldType.INTEGER: [int(number), int(number) + 1, 0, None],
            FieldType.DECIMAL: [number, number + 1, Decimal(0), None],
            FieldType.BOOLEAN: [True, False, None],
            FieldType.INSTANT: [_SOME_DAY, _SOME_DAY - timedelta(days=chance.randint(1, 99)), None],
            FieldType.DATE: [_SOME_DAY.date(), _SOME_DAY.date() - timedelta(days=9), None],
        }

    def rows(self, table: str, fields: EntityFields, deals: Sequence[str]) -> list[Row]:
        """A few rows, or none, of each transaction."""
        return [
            {
                **{name: self._pick(kind) for name, kind in {**PROVENANCE, **fields}.items()},
                "transaction": deal,
                "record_id": f"{deal}-{table}-{number}",
            }
            for deal in deals
            for number in range(self._chance.randint(0, _MOST_ROWS))
        ]

    def _pick(self, kind: FieldType) -> Any:
        return self._chance.choice(self._values[kind])
