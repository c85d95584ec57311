"""The tables of a generated estate, one frame a table, from its deals."""

from collections.abc import Iterator

import numpy as np
import polars as pl

from tests.estates.deals import (
    AS_OF,
    CURRENCIES,
    DAY,
    HOUR,
    MINUTE,
    OFFSETS,
    Deals,
    Fault,
    Flags,
    Integers,
    error,
)

MONEY = pl.Decimal(18, 4)
_STRIDE, _SPAN = 387_420_489, 10**9
"""Coprime, so that no two deals below 10⁹ share a number."""


def deal_key(numbers: Integers) -> pl.Expr:
    """The business key of deals: scattered, so that no order helps."""
    return _padded("OPP-", (123_456_789 + numbers * _STRIDE) % _SPAN, 9)


def instant(seconds: Integers) -> pl.Series:
    """Seconds since 1970 as an instant."""
    return pl.Series(seconds * 1_000_000).cast(pl.Datetime("us", "UTC"))


def money(units: Integers) -> pl.Series:
    """Ten-thousandths as a decimal, exactly."""
    whole = pl.Series(units // 10_000).cast(MONEY)
    part = pl.Series(units % 10_000).cast(pl.String).str.zfill(4)
    return (whole + ("0." + part).cast(MONEY)).cast(MONEY)


def currency(numbers: Integers) -> pl.Series:
    """ISO 4217 codes by their place in `CURRENCIES`."""
    return pl.Series(CURRENCIES).gather(numbers)


def _padded(prefix: str, numbers: Integers, digits: int) -> pl.Expr:
    text = pl.lit(pl.Series(numbers).cast(pl.String).str.zfill(digits))
    return pl.lit(prefix) + text


def draw_tables(deals: Deals, chance: np.random.Generator) -> Iterator[tuple[str, pl.DataFrame]]:
    """Every table by name; each only once it is asked for, so that memory holds one at a time."""
    yield "crm_opportunities", _opportunities(deals)
    yield "cpq_quotes", _quotes(deals, chance)
    yield "contracts", _contracts(deals, chance)
    yield "psa_projects", _projects(deals, chance)
    yield "erp_projects", _erp_projects(deals, chance)
    lines = _billing_lines(deals, chance)
    yield "erp_billing_schedules", lines
    yield "erp_invoices", _invoices(deals, lines)


def _opportunities(deals: Deals) -> pl.DataFrame:
    numbers = deals.numbers()
    return pl.select(
        opp_key=deal_key(numbers),
        opportunity_id=_padded("006", numbers, 12),
        account_id=_padded("001", numbers % max(1, deals.count // 4), 12),
        name=_padded("Rollout ", numbers, 1),
        stage=pl.lit("Closed Won"),
        amount=money(deals.amount),
        currency=currency(deals.currency),
        closed_at=instant(deals.closed),
        owner=_padded("u", numbers * 7 % 300, 4),
        updated_at=instant(deals.closed),
    )


def _quotes(deals: Deals, chance: np.random.Generator) -> pl.DataFrame:
    replaced = chance.random(deals.count) < 0.2
    wrong = deals.fault == Fault.QUOTE_AMOUNT
    total = deals.amount + deals.slack[0] + np.where(wrong, error(chance, deals.count), 0)
    numbers = deals.numbers()
    accepted = pl.select(
        quote_id=_padded("Q-", numbers, 9),
        opp_key=deal_key(numbers),
        version=pl.lit(pl.Series(np.where(replaced, 2, 1), dtype=pl.Int32)),
        status=pl.lit("accepted"),
        total=money(total),
        currency=currency(deals.currency),
        updated_at=instant(deals.closed - DAY),
    )
    old = deals.numbers(replaced)
    superseded = pl.select(
        quote_id=_padded("Q-", deals.count + np.arange(len(old)), 9),
        opp_key=deal_key(old),
        version=pl.lit(pl.Series(np.ones(len(old)), dtype=pl.Int32)),
        status=pl.lit("superseded"),
        total=money(deals.amount[old] * 9 // 10),
        currency=currency(deals.currency[old]),
        updated_at=instant(deals.closed[old] - 5 * DAY),
    )
    return pl.concat([accepted, superseded]).sort("updated_at")


def contract_value(deals: Deals, chance: np.random.Generator) -> Integers:
    """What the contracts say, drifted ones included."""
    wrong = deals.fault == Fault.CONTRACT_AMOUNT
    drift = error(chance, deals.count)
    value: Integers = deals.amount + deals.slack[1] + np.where(wrong, drift, 0)
    return value


def _contracts(deals: Deals, chance: np.random.Generator) -> pl.DataFrame:
    value = contract_value(deals, np.random.default_rng(deals.count))
    signed = deals.numbers(deals.has_contract)
    return pl.select(
        contract_no=_padded("SOW-", signed, 9),
        opp_key=deal_key(signed),
        value=money(value[signed]),
        currency=currency(deals.currency[signed]),
        signed_at=instant(deals.signed[signed]),
        start_at=instant(deals.start[signed]),
        signer=_padded("p", chance.integers(0, 400, len(signed)), 4),
        updated_at=instant(deals.signed[signed]),
    ).sort("signed_at")


def _copies(deals: Deals, has: Flags, fault: Fault) -> tuple[Integers, Integers]:
    """Deals of a project table, the duplicated ones twice; and which of the two each row is."""
    once, twice = deals.numbers(has), deals.numbers(has & (deals.fault == fault))
    copy = np.concatenate([np.zeros(len(once), np.int64), np.ones(len(twice), np.int64)])
    return np.concatenate([once, twice]), copy


def _projects(deals: Deals, chance: np.random.Generator) -> pl.DataFrame:
    rows, copy = _copies(deals, deals.has_project, Fault.PSA_DUPLICATE)
    fault = deals.fault[rows]
    wrong = np.where(fault == Fault.PSA_AMOUNT, error(chance, len(rows)), 0)
    shift = np.where(fault == Fault.PSA_START, chance.integers(1, 72, len(rows)) * HOUR, 0)
    other = (deals.currency[rows] + (fault == Fault.PSA_CURRENCY)) % len(CURRENCIES)
    created = instant(deals.project_created[rows] + copy * MINUTE)
    orphans = np.arange(deals.count, deals.count + deals.count // 1000)
    known = pl.select(
        project_id=_padded("PRJ-", rows + copy * 2 * deals.count, 9),
        opp_key=deal_key(rows),
        name=_padded("Project ", rows, 1),
        status=pl.lit("Active"),
        budget=money(deals.amount[rows] + deals.slack[2][rows] + wrong),
        currency=currency(other),
        start_at=_local_time(deals.start[rows] + shift, deals.offset[rows]),
        created_at=created,
        updated_at=created,
    )
    return pl.concat([known, _orphan_projects(orphans, deals)]).sort("created_at")


def _orphan_projects(numbers: Integers, deals: Deals) -> pl.DataFrame:
    created = instant(deals.signed[numbers - deals.count])
    return pl.select(
        project_id=_padded("PRJ-", numbers, 9),
        opp_key=deal_key(numbers),
        name=_padded("Project ", numbers, 1),
        status=pl.lit("Active"),
        budget=money(numbers * 10_000),
        currency=pl.lit("EUR"),
        start_at=_local_time(deals.start[numbers - deals.count], numbers * 0),
        created_at=created,
        updated_at=created,
    )


def _local_time(seconds: Integers, offset: Integers) -> pl.Series:
    """ISO 8601 with the offset of the place where it was typed."""
    minutes = np.array(OFFSETS)[offset]
    local = instant(seconds + minutes * MINUTE).dt.strftime("%Y-%m-%dT%H:%M:%S")
    names = [
        f"{'+' if each >= 0 else '-'}{abs(each) // 60:02}:{abs(each) % 60:02}" for each in OFFSETS
    ]
    return local + pl.Series(["Z", *names[1:]]).gather(offset)


def _erp_projects(deals: Deals, chance: np.random.Generator) -> pl.DataFrame:
    rows, copy = _copies(deals, deals.has_erp, Fault.ERP_DUPLICATE)
    fault = deals.fault[rows]
    wrong = np.where(fault == Fault.ERP_AMOUNT, error(chance, len(rows)), 0)
    shift = np.where(fault == Fault.ERP_START, chance.integers(1, 72, len(rows)) * HOUR, 0)
    other = (deals.currency[rows] + (fault == Fault.ERP_CURRENCY)) % len(CURRENCIES)
    created = instant(deals.erp_created[rows] + copy * MINUTE)
    return pl.select(
        erp_project_id=_padded("EP", rows + copy * 2 * deals.count, 9),
        opp_key=deal_key(rows),
        customer_id=_padded("C", rows % max(1, deals.count // 4), 8),
        budget=money(deals.amount[rows] + deals.slack[3][rows] + wrong),
        currency=currency(other),
        start_at=instant(deals.start[rows] + shift),
        cost_center=_padded("CC", rows % 300, 4),
        created_at=created,
        updated_at=created,
    ).sort("created_at")


def _billing_lines(deals: Deals, chance: np.random.Generator) -> pl.DataFrame:
    """Equal parts with the rest in the last line; sums to the contract where nothing is wrong."""
    value = contract_value(deals, np.random.default_rng(deals.count))
    billed = deals.numbers(deals.has_erp)
    parts = chance.integers(1, 6, len(billed))
    rows = np.repeat(billed, parts)
    sequence = np.arange(len(rows)) - np.repeat(np.cumsum(parts) - parts, parts)
    count = np.repeat(parts, parts)
    each = value[rows] // count // 100 * 100
    last = sequence == count - 1
    amount = np.where(last, value[rows] - each * (count - 1), each)
    wrong = last & (deals.fault[rows] == Fault.SCHEDULE)
    amount = amount + np.where(wrong, error(chance, len(rows)), 0)
    first_day = deals.erp_created[rows] // DAY
    return pl.select(
        line_id=_padded("BL", np.arange(len(rows)), 10),
        opp_key=deal_key(rows),
        seq=pl.lit(pl.Series(sequence, dtype=pl.Int32)),
        amount=money(amount),
        currency=currency(deals.currency[rows]),
        due_date=pl.lit(
            pl.Series((first_day + 30 * (sequence + 1)).astype(np.int32)).cast(pl.Date)
        ),
        updated_at=instant(deals.erp_created[rows]),
    )


def _invoices(deals: Deals, lines: pl.DataFrame) -> pl.DataFrame:
    """One for each line that fell due, and some that nobody knows the deal of."""
    due = lines.filter(pl.col("due_date").cast(pl.Int32) * DAY < AS_OF)
    issued = pl.col("due_date").cast(pl.Datetime("us", "UTC"))
    known = due.select(
        invoice_id=pl.lit("INV-") + pl.int_range(pl.len()).cast(pl.String).str.zfill(10),
        opp_key="opp_key",
        amount="amount",
        currency="currency",
        issued_at=issued,
        status=pl.when(pl.col("seq") % 2 == 0).then(pl.lit("paid")).otherwise(pl.lit("open")),
        updated_at=issued,
    )
    numbers = np.arange(deals.count * 2, deals.count * 2 + deals.count // 500)
    orphans = pl.select(
        invoice_id=_padded("INV-", numbers + 8 * deals.count, 10),
        opp_key=deal_key(numbers),
        amount=money(numbers * 100),
        currency=pl.lit("EUR"),
        issued_at=instant(np.full(len(numbers), AS_OF - DAY)),
        status=pl.lit("open"),
        updated_at=instant(np.full(len(numbers), AS_OF - DAY)),
    )
    return pl.concat([known, orphans])
