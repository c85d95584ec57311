"""Quiet: matched transactions that changed, and of which no rule has anything to say.

Most changes are such. A record that kept its keys stays where it is, and a rule that minds none of
the changed fields says what it said, which was nothing. So only the rules that mind what changed
are asked, over only what they look at. Whatever any of them finds or awaits is left to a whole
look, with everything around it: nothing is ever raised from here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import msgspec
import polars as pl

from monitor.core.errors import Permanent
from monitor.core.model import StreamId
from monitor.core.ports import Attentive, Rule, Scope
from monitor.estate import Estate, Flow
from monitor.sight import Sight
from monitor.store import matched, touches, turns
from monitor.store.database import Database
from monitor.store.frames import frames_of, load_rows


@dataclass(frozen=True, slots=True)
class Quiet:
    """What needs no whole look.

    Attributes:
        records: changed records of quiet transactions only.
        transactions: keys of the quiet transactions by the store's numbers.
        turn: how often the flow had been settled before; None where nothing was asked.
    """

    records: frozenset[int] = frozenset()
    transactions: Mapping[int, str] = field(default_factory=dict)
    turn: int | None = None


def find_quiet(
    flow: Flow,
    touched: Sequence[touches.Touch],
    estate: Estate,
    sight: Sight,
    database: Database,
    now: datetime,
) -> Quiet:
    """The matched transactions, among those touched, that are matched still."""
    moved = {mark.record_id for mark in touched if mark.moved}
    stayed = {mark.record_id for mark in touched} - moved
    if not stayed or not flow.needs <= sight.looked_until.keys():
        return Quiet()
    with database.read() as connection:
        turn = turns.turn_of(connection, flow.name)
        changed = matched.load_matched(connection, flow.name, stayed)
        rules, minded = _who_minds(flow, changed, touched)
        needed = frozenset[StreamId]().union(*(rule.needs for rule in rules))
        numbers = minded["transaction_id"].unique().to_list()
        members = matched.load_members_in(connection, numbers, needed)
        # In the order of their numbers, which is the one that the store is read in quickest.
        rows = load_rows(connection, members["record"].unique().to_list())
    names = minded.select("transaction_id", "transaction").unique()
    links = members.join(names, on="transaction_id")
    fields = {stream: estate.sources[stream].fields for stream in needed}
    frames = frames_of(rows, links, fields)
    try:
        loud = _loud(rules, Scope(flow.name, frames, sight.looked_until, now))
    except Permanent:
        # A rule of a firm's own failed. It will again in the whole look, which says so.
        return Quiet()
    is_quiet = ~pl.col("transaction").is_in(list(loud))
    quiet = changed.filter(is_quiet.all().over("record"))
    transactions = dict(quiet.select("transaction_id", "transaction").iter_rows())
    return Quiet(frozenset(quiet["record"]), transactions, turn)


def _who_minds(
    flow: Flow, changed: pl.DataFrame, touched: Sequence[touches.Touch]
) -> tuple[list[Rule], pl.DataFrame]:
    """Rules that mind some of what changed, and the changed records that some rule minds."""
    marks = pl.DataFrame(
        [(mark.record_id, mark.fields) for mark in touched],
        schema={"record": pl.Int64, "fields": pl.String},
        orient="row",
    )
    changes = changed.join(marks, on="record")
    rules: set[str] = set()
    minded = []
    for stream, fields in changes.select("stream", "fields").unique().iter_rows():
        names = None if fields is None else frozenset(msgspec.json.decode(fields, type=list[str]))
        minding = {rule.name for rule in flow.rules if _minds(rule, StreamId.parse(stream), names)}
        rules |= minding
        if minding:
            minded.append((stream, fields))
    which = pl.DataFrame(minded, schema={"stream": pl.String, "fields": pl.String}, orient="row")
    records = changes.join(which, on=["stream", "fields"], how="semi", nulls_equal=True)
    return [rule for rule in flow.rules if rule.name in rules], records.select(*changed.columns)


def _minds(rule: Rule, stream: StreamId, changed: frozenset[str] | None) -> bool:
    """Whether a change of these fields, or of any, can end a rule's silence."""
    if stream not in rule.needs:
        return False
    if changed is None or not isinstance(rule, Attentive):
        return True
    # Whatever else changed, it was stamped anew.
    return not rule.minds[stream].isdisjoint(changed | {"_modified_at"})


def _loud(rules: Sequence[Rule], scope: Scope) -> set[str]:
    """Transactions of which some rule finds or awaits something."""
    loud: set[str] = set()
    for rule in rules:
        verdict = rule.evaluate(scope)
        loud.update(verdict.found["transaction"], verdict.awaited["transaction"])
    return loud
