"""What deals have in common with one another: regions, entities, owners, versions, hand-offs."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from collections.abc import Set as AbstractSet

import polars as pl

from monitor.core.entities import ENTITIES, EntityFields
from monitor.core.model import FieldType, StreamId
from monitor.estate import Flow, Source
from monitor.explaining.cohorts import Traits

_DIMENSIONS = frozenset(
    {
        "region",
        "legal_entity",
        "service_line",
        "owner",
        "country",
        "billing_rule",
        "payment_terms",
        "flow",
        "queue",
    }
)
"""Canonical fields by which deals can be told apart; every text field that a firm adds is one
too, such as the version of a connector."""

HOP = "hop"


def dimensions_of(sources: Mapping[StreamId, Source]) -> dict[StreamId, EntityFields]:
    """By stream, the fields by which its deals can be told apart."""
    found = {
        stream: {
            name: kind
            for name, kind in source.fields.items()
            if kind is FieldType.TEXT and _tells_apart(name, source.settings.entity)
        }
        for stream, source in sources.items()
    }
    return {stream: fields for stream, fields in found.items() if fields}


def _tells_apart(name: str, entity: str) -> bool:
    return name in _DIMENSIONS or name not in ENTITIES.get(entity, {})


def traits_of(keys: Collection[str], frames: Mapping[StreamId, pl.DataFrame]) -> dict[str, Traits]:
    """Of each deal, the values that any of its records has, by field."""
    found: dict[str, defaultdict[str, set[str]]] = {key: defaultdict(set) for key in keys}
    for frame in frames.values():
        names = [name for name in frame.columns if not name.startswith("_")]
        for name in names:
            pairs = frame.select("_transaction", name).drop_nulls().unique()
            for key, value in pairs.iter_rows():
                if key in found and value:
                    found[key][name].add(value)
    return {
        key: {name: frozenset(values) for name, values in traits.items()}
        for key, traits in found.items()
    }


def crossings(
    flow: Flow, hops: AbstractSet[str], frames: Mapping[StreamId, pl.DataFrame]
) -> dict[str, Traits]:
    """Each way that a deal has begun over a hop of the same sort, as if it were a deal of its own.

    Breaks of a hand-off are compared over all hand-offs, those of a comparison over the comparisons
    named here: which others could have had such breaks is not known.
    """
    starts = {hop.name: hop.source for hop in flow.hand_offs}
    among = starts.keys() if hops & starts.keys() else hops
    found: dict[str, Traits] = {}
    for hop in among:
        source = starts.get(hop) or _left_of(hop)
        if source is not None and source in frames:
            for key in frames[source]["_transaction"].unique():
                found[crossing(key, hop)] = {HOP: frozenset({hop})}
    return found


def crossing(key: str, hop: str) -> str:
    """What one deal's way over one hop is called here."""
    return f"{key}\x1f{hop}"


def _left_of(hop: str) -> StreamId | None:
    """The stream that a comparison `left -> right` starts from."""
    left, arrow, _ = hop.partition(" -> ")
    try:
        return StreamId.parse(left) if arrow else None
    except ValueError:
        return None
