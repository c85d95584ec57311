"""Everything that a report states, before it is written into files."""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import polars as pl

from monitor.as_of import PastSight, open_shards, see_as_of
from monitor.controls.cards import flow_of
from monitor.controls.cards import streams_of as control_streams
from monitor.controls.runs import runs_of
from monitor.core.model import StreamId
from monitor.core.ports import FINDINGS, INSTANT
from monitor.estate import Estate, Flow
from monitor.evidence_pack.completeness import Gap, find_gaps, find_reasons
from monitor.evidence_pack.control_totals import StreamTotal, add_totals
from monitor.evidence_pack.over_time import Times, add_times, latency_of, share_in_order
from monitor.evidence_pack.population import (
    AMOUNT,
    CURRENCY,
    POPULATION,
    TermTotal,
    judge,
    streams_of,
    totals_of,
)
from monitor.evidence_pack.request import Request, Subject, tell_sight, with_sight
from monitor.evidence_pack.sampling import draw_deals
from monitor.store import evidence_facts as facts
from monitor.store.database import Connection, Database
from monitor.store.episodes import load_episodes
from monitor.store.looks import LookSpan, load_look_spans
from monitor.store.past import AsOf

Progress = Callable[[int], None]
"""Is told how many deals have been judged."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a report states.

    Attributes:
        request: what was asked, with what could be seen.
        population: `POPULATION`, by deal.
        exceptions: `FINDINGS`, by deal.
        terms: of the equation.
        totals: by stream.
        tables: the other tables by name, each in one order.
        gaps: when a stream was not looked at.
        reasons: why the report is not complete; empty where it is.
    """

    request: Request
    population: pl.DataFrame
    exceptions: pl.DataFrame
    terms: list[TermTotal]
    totals: Mapping[StreamId, StreamTotal]
    tables: Mapping[str, pl.DataFrame]
    gaps: list[Gap]
    reasons: list[str]

    @property
    def deals(self) -> int:
        """How many deals the population has."""
        return sum(term.deals for term in self.terms)

    def equation(self) -> dict[str, Any]:
        """The population and its terms, as the manifest states them."""
        return {
            "deals": self.deals,
            "exceptions": self.exceptions.height,
            "terms": [
                {
                    "term": each.term.value,
                    "deals": each.deals,
                    "money": {code: plain(total) for code, total in each.money.items()},
                }
                for each in self.terms
            ],
            "complete": not self.reasons,
            "reasons": self.reasons,
        }


def plain(amount: Decimal) -> str:
    """Every digit that says something, two behind the point at least: `1000.00`."""
    whole, _, fraction = f"{amount:f}".partition(".")
    return f"{whole}.{fraction.rstrip('0'):0<2}"


def make_findings(
    request: Request, estate: Estate, database: Database, progress: Progress
) -> Report:
    """Judge every deal of a report at its instant, and gather what happened in its period.

    Nothing is written. The same request gives the same report, from any store with the same rows.

    Raises:
        ValueError: the instant lies after the moment by which it should be known.
        Transient, Permanent: the store failed.
    """
    flow = next(each for each in estate.flows if each.name == request.flow)
    rules = request.rules or tuple(rule.name for rule in flow.rules)
    streams = streams_of(flow, rules)
    sight = see_as_of(estate, database, AsOf(request.until, request.known))
    if request.sight:
        sight = with_sight(sight, request.sight)
    else:
        request = replace(request, sight=tell_sight(sight, streams))
    totals = {stream: StreamTotal() for stream in streams}
    times: Times = defaultdict(Counter)
    population, exceptions = _judge_all(
        request, flow, rules, estate, database, sight, totals, times, progress
    )
    with database.read() as connection:
        spans = _begun_by(request.known, load_look_spans(connection))
        tables = _read_tables(connection, request, rules, streams)
    gaps = find_gaps(spans, streams, request.since, request.until)
    terms = totals_of(population)
    if request.edition > 1:
        tables |= _read_plots(database, request, rules, times, sum(each.deals for each in terms))
    if request.subject is Subject.CONTROL:
        tables["control_runs"] = _runs_of_control(request, estate, spans)
    if request.sample is not None:
        tables["sample"] = draw_deals(population, request.sample)
    value = totals[flow.value_stream]
    aside = tables["quarantine"]["stream"].to_list()
    unread = {stream: aside.count(str(stream)) for stream in {flow.root, flow.value_stream}}
    reasons = find_reasons(terms, value, sight, streams, gaps, spans, request.since, unread)
    return Report(request, population, exceptions, terms, totals, tables, gaps, reasons)


def _begun_by(
    known: datetime, spans: Mapping[StreamId, Sequence[LookSpan]]
) -> dict[StreamId, list[LookSpan]]:
    """Looks that were known by then: later ones would tell another story the next time."""
    return {
        stream: [span for span in own if span.seen_from <= known] for stream, own in spans.items()
    }


def _judge_all(
    request: Request,
    flow: Flow,
    rules: Collection[str],
    estate: Estate,
    database: Database,
    sight: PastSight,
    totals: Mapping[StreamId, StreamTotal],
    times: Times,
    progress: Progress,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Population and exceptions, a part of the store after the other; the totals grow."""
    stating = {
        stream for stream in totals if {AMOUNT, CURRENCY} <= estate.sources[stream].fields.keys()
    }
    keys = {request.name} if request.subject is Subject.DEAL else None
    deals, found = [pl.DataFrame(schema=POPULATION)], [pl.DataFrame(schema=FINDINGS)]
    count = 0
    for shard in open_shards(flow, estate, database, request.until, request.known, keys):
        states, links = shard.state(request.until)
        if keys is not None:
            states = states.join(links.select("record"), on="record", how="semi")
        scope = shard.scope_of(states, links, request.until, sight)
        judged = judge(flow, rules, scope, links, sight)
        add_totals(totals, states, links, stating)
        if request.edition > 1:
            add_times(times, flow, rules, scope, request.since.date())
        deals.append(judged.population)
        found.append(judged.exceptions)
        count += judged.population.height
        progress(count)
    order = ["transaction", "rule", "stream", "field", "record_id"]
    return pl.concat(deals).sort("deal", "part"), pl.concat(found).sort(order)


RUNS = pl.Schema({"from": INSTANT, "until": INSTANT, "outcome": pl.String()})
"""When a control `looked`, and when it `missed`: did not look for longer than its frequency."""


def _runs_of_control(
    request: Request, estate: Estate, spans: Mapping[StreamId, Sequence[LookSpan]]
) -> pl.DataFrame:
    """When the control looked in the period, as `RUNS`."""
    control = estate.controls[request.name]
    streams = control_streams(flow_of(estate, control), control)
    runs = runs_of(streams, spans, request.since, request.until, control.frequency)
    rows = [(*each, "looked") for each in runs.stretches]
    rows += [(*each, "missed") for each in runs.missed]
    return pl.DataFrame(sorted(rows), schema=RUNS, orient="row")


def _read_plots(
    database: Database, request: Request, rules: Collection[str], times: Times, deals: int
) -> dict[str, pl.DataFrame]:
    with database.read() as connection:
        episodes = load_episodes(connection, [request.flow], request.since, request.known)
    episodes = episodes.filter(pl.col("rule").is_in(list(rules)))
    if request.subject is Subject.DEAL:
        episodes = episodes.filter(pl.col("transaction") == request.name)
    in_order = share_in_order(episodes, request.since, request.until, deals)
    return {"latency": latency_of(times), "match_rate": in_order}


def _read_tables(
    connection: Connection, request: Request, rules: Collection[str], streams: Collection[StreamId]
) -> dict[str, pl.DataFrame]:
    period = (request.since, request.known)
    corrections = facts.read_correction_steps(connection, request.flow, rules, *period)
    plans = corrections["plan"].unique().to_list()
    tables = {
        "break_steps": facts.read_steps(connection, request.flow, rules, *period),
        "corrections": corrections,
        "approvals": facts.read_approvals(connection, plans, request.known),
        "ignores": facts.read_ignores(connection, *period),
        "quarantine": facts.read_set_aside(connection, streams, request.until, request.known),
        "readings": facts.read_readings(connection, streams, *period),
        "sign_offs": facts.read_sign_offs(connection, request.name, request.known),
    }
    if request.subject is Subject.DEAL:
        for name in ("break_steps", "corrections"):
            tables[name] = tables[name].filter(pl.col("deal") == request.name)
    return tables
