"""Survey: read from the store, and from the sources' clocks, what guards look at."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from statistics import median_high

import polars as pl
import structlog

from monitor.core.breakers import BreakerState
from monitor.core.clock import Clock
from monitor.core.corrections import Correction, Plan, target_of
from monitor.core.errors import TieoutError
from monitor.core.model import StreamId
from monitor.core.ports import MONEY
from monitor.core.sight import Blindness
from monitor.core.transactions import TransactionStatus
from monitor.correcting.situation import Population, Situation, Spent
from monitor.estate import Estate, Flow
from monitor.sight import see
from monitor.store.approvals import approvals_of
from monitor.store.breakers import load_breakers
from monitor.store.corrections import claims, corrections_of, corrections_since
from monitor.store.database import Connection, Database
from monitor.store.halts import load_halt
from monitor.store.holdings import handed_over, spoken_for
from monitor.store.outlays import outlays_since
from monitor.store.populations import (
    count_lost,
    count_records,
    listed_populations,
    newest_stamp,
)
from monitor.store.record_states import load_by_native_id
from monitor.store.transactions import count_by_status
from reconcilers.money import convert

log = structlog.get_logger(__name__)

LATELY = timedelta(days=1)
"""What a source lost within this time, it had until lately; and over what `daily` limits hold."""

_CENTS = Decimal("0.00")
"""Added, it gives a sum of money the two digits that people expect, and takes none away."""

SEASON = timedelta(days=28)
"""Of how many days the usual number of records is taken."""


def survey(
    plan: Plan,
    flow: Flow,
    estate: Estate,
    database: Database,
    clock: Clock,
    *,
    changed: Mapping[str, str] | None = None,
    is_draft: bool = False,
) -> Situation:
    """The situation of a plan, now.

    Args:
        plan: what is judged.
        flow: its flow.
        estate: the landscape.
        database: the store.
        clock: the present.
        changed: by fingerprint, of corrections that would not be planned so now, why.
        is_draft: nobody has kept the plan yet.

    Raises:
        Transient, Permanent: the store failed.
    """
    streams = streams_of(plan, flow)
    clocks, silent = _read_clocks(streams, estate, clock)
    now = clock()
    sight = see(estate, database, now)
    blind = {stream: why for stream, why in sight.blind.items() if stream in streams}
    with database.read() as connection:
        return Situation(
            now=now,
            settings=estate.corrections,
            policies=flow.policies,
            policies_digest=flow.policies_digest,
            transactions=_count_transactions(connection, flow),
            money=in_currency(plan.corrections, estate, now.date()),
            spent=spent_lately(connection, plan, estate, now),
            blind={**dict.fromkeys(silent, Blindness.LAST_LOOK_FAILED), **blind},
            populations=_populations(connection, streams, estate, now),
            clocks=clocks,
            newest=newest_stamp(connection),
            dates=_dates(connection, plan, estate),
            busy=_busy(connection, plan, now, besides="" if is_draft else plan.hash),
            repairs=_repairs(connection, plan, now - estate.corrections.loop.within),
            resting=_resting(connection, estate, now),
            changed=changed or {},
            approvals=approvals_of(connection, plan.hash),
            halt=load_halt(connection),
        )


def streams_of(plan: Plan, flow: Flow) -> frozenset[StreamId]:
    """Streams that a plan rests on: what its rules need, and what its policies read and write."""
    rules = {each.rule for each in plan.corrections}
    needed = {stream for rule in flow.rules if rule.name in rules for stream in rule.needs}
    for policy in (flow.policies[rule] for rule in rules & flow.policies.keys()):
        named = (policy.source, policy.effect)
        needed |= {StreamId.parse(name) for name in named if name is not None}
    written = {each.write.stream for each in plan.corrections if each.write is not None}
    return frozenset(needed | written)


def in_currency(corrections: Iterable[Correction], estate: Estate, on: date) -> dict[str, Decimal]:
    """Value at risk in the firm's currency, by fingerprint; what cannot be converted is left out.

    Args:
        corrections: of a plan.
        estate: its currency and rates.
        on: the day whose rates count.
    """
    known = {each.fingerprint: (each.value_at_risk, each.currency) for each in corrections}
    return _convert(known, estate, on)


def spent_lately(connection: Connection, plan: Plan, estate: Estate, now: datetime) -> Spent:
    """What other plans wrote within the last day, or are about to write.

    Args:
        connection: a transaction.
        plan: that does not count.
        estate: the firm's currency and rates.
        now: the present.
    """
    outlays = outlays_since(connection, now - LATELY, besides=plan.hash)
    amounts = {str(number): (each.value_at_risk, each.currency)
               for number, each in enumerate(outlays)}  # fmt: skip
    valued = _convert(amounts, estate, now.date())
    return Spent(
        len(outlays),
        frozenset(each.transaction for each in outlays if each.flow == plan.flow),
        sum(valued.values(), Decimal(0)) if len(valued) == len(outlays) else None,
    )


def _convert(
    amounts: Mapping[str, tuple[Decimal | None, str]], estate: Estate, on: date
) -> dict[str, Decimal]:
    """Amounts in the firm's currency, by name, by the rates of a day; without those unknown."""
    known = {name: each for name, each in amounts.items() if each[0] is not None}
    asked = pl.DataFrame(
        {
            "name": list(known),
            "amount": [amount for amount, _ in known.values()],
            "currency": [currency or None for _, currency in known.values()],
            "target": [estate.currency] * len(known),
            "on": [on] * len(known),
        },
        schema={
            "name": pl.String,
            "amount": MONEY,
            "currency": pl.String,
            "target": pl.String,
            "on": pl.Date,
        },
    )
    valued = convert(asked, estate.rates).drop_nulls("value")
    return {
        name: value.normalize() + _CENTS
        for name, value in valued.select("name", "value").iter_rows()
    }


def _count_transactions(connection: Connection, flow: Flow) -> int:
    counts = count_by_status(connection, flow.name)
    return sum(count for status, count in counts.items() if status is not TransactionStatus.EMPTY)


def _read_clocks(
    streams: Iterable[StreamId], estate: Estate, clock: Clock
) -> tuple[dict[str, timedelta], list[StreamId]]:
    """How far each system's clock is ahead of ours; and streams whose system does not answer."""
    clocks: dict[str, timedelta] = {}
    silent: list[StreamId] = []
    for stream in sorted(streams):
        source = estate.sources.get(stream)
        if source is None or stream.system in clocks or not source.capabilities.tells_time:
            continue
        try:
            clocks[stream.system] = source.probe.source_time() - clock()
        except TieoutError as error:
            log.warning("clock cannot be read", system=stream.system, reason=error.reason)
            silent.append(stream)
    return clocks, silent


def _populations(
    connection: Connection, streams: Iterable[StreamId], estate: Estate, now: datetime
) -> dict[StreamId, Population]:
    """How many records each stream has beside how many it had; never of one that may be empty."""
    found = {}
    for stream in sorted(streams):
        source = estate.sources.get(stream)
        if source is None or source.capabilities.may_be_empty:
            continue
        records = count_records(connection, stream)
        had_lately = records + count_lost(connection, stream, now - LATELY)
        listed = listed_populations(connection, stream, now - SEASON, now)
        usual = max(had_lately, median_high(listed) if listed else 0)
        found[stream] = Population(records, usual)
    return found


def _dates(connection: Connection, plan: Plan, estate: Estate) -> dict[str, date | None]:
    """By fingerprint, the date that decides in which accounting period the record lies."""
    dates: dict[str, date | None] = {}
    for each in plan.corrections:
        write = each.write
        period = None if write is None else estate.corrections.periods.get(str(write.stream))
        if write is None or period is None or not write.native_id:
            continue
        found = load_by_native_id(connection, write.stream, [write.native_id], estate.fields)
        record = found.get(write.native_id)
        value = None if record is None else record.fields.get(period.field)
        dates[each.fingerprint] = value if isinstance(value, date) else None
    return dates


def _busy(connection: Connection, plan: Plan, now: datetime, *, besides: str) -> dict[str, str]:
    """By fingerprint, who else is at the break, or at the record that would be written."""
    targets = {
        target_of(each.write): each.fingerprint
        for each in plan.corrections
        if each.write is not None
    }
    fingerprints = {each.fingerprint for each in plan.corrections}
    busy: dict[str, str] = {}
    held = spoken_for(connection, fingerprints, targets.keys(), now, besides=besides)
    for fingerprint, target, plan_hash in held:
        whose = fingerprint if fingerprint in fingerprints else targets[target]
        busy.setdefault(whose, f"it is part of plan {plan_hash[:12]}")
    for fingerprint in sorted(handed_over(connection, fingerprints)):
        busy.setdefault(fingerprint, "it was handed to a person")
    own = {each.id for each in corrections_of(connection, plan.hash)}
    for target, number in claims(connection).items():
        if target in targets and number not in own:
            busy.setdefault(
                targets[target], f"correction {number} is at its record, or may still arrive there"
            )
    return busy


def _repairs(connection: Connection, plan: Plan, since: datetime) -> dict[str, int]:
    return {
        each.fingerprint: corrections_since(connection, each.fingerprint, since)
        for each in plan.corrections
    }


def _resting(connection: Connection, estate: Estate, now: datetime) -> dict[str, datetime]:
    """Systems that are left alone after failures, and until when."""
    settings = estate.corrections.breaker
    return {
        system: breaker.opened_at + settings.rest
        for system, breaker in load_breakers(connection).items()
        if breaker.opened_at is not None and breaker.state(settings, now) is BreakerState.OPEN
    }
