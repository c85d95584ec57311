"""A deal as a trace: a span for all of it, one for each hand-off, breaks as events."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from monitor.core.model import StreamId, encode_value
from monitor.core.telemetry import Event, Span, span_id_of, trace_id_of
from monitor.store.traces import StoredPassage, StoredStep


@dataclass(frozen=True, slots=True)
class Deal:
    """What a trace tells of a deal that is closed.

    Attributes:
        flow: the business process.
        key: its business key.
        passages: its hand-offs; what never arrived by a stamp is no span.
        steps: what happened to its breaks, in order.
    """

    flow: str
    key: str
    passages: Sequence[StoredPassage]
    steps: Sequence[StoredStep]


@dataclass(frozen=True, slots=True)
class Route:
    """Between which streams each hand-off of a flow lies, and where its deals begin."""

    root: StreamId
    ends: Mapping[str, tuple[StreamId, StreamId]]


def spans_of(deal: Deal, route: Route, address: str) -> list[Span]:
    """The deal's trace; the same deal gives the same spans, whenever it is asked.

    Args:
        deal: the deal.
        route: of its flow.
        address: start of links for people; empty where none is known.
    """
    trace_id = trace_id_of(deal.flow, deal.key)
    whole = span_id_of(trace_id, "deal")
    hops = [
        _hop(deal, each, each.arrived_at, route, trace_id, whole)
        for each in deal.passages
        if each.hop in route.ends and each.arrived_at is not None
    ]
    if not hops:
        return []
    link = {"url.full": f"{address}/transactions/{deal.key}"} if address else {}
    told = {hop.name for hop in hops}
    root = Span(
        trace_id=trace_id,
        span_id=whole,
        parent_id=b"",
        name=deal.flow,
        service=route.root.system,
        start=min(hop.start for hop in hops),
        end=max(hop.end for hop in hops),
        attributes={"tieout.flow": deal.flow, "tieout.transaction": deal.key, **link},
        events=[_event(step) for step in deal.steps if step.hop not in told],
        failure="breaks stood in it" if deal.steps else "",
    )
    return [root, *hops]


def as_later_state(spans: Sequence[Span], digest: str, as_of: datetime) -> list[Span]:
    """The spans of a deal that was exported in another state before, beside those of then.

    They stay in the same trace, under identities that follow from the state too. Stores do not
    replace a span by another with its identity: Tempo keeps either, Jaeger shows both as one. What
    happened to the deal since could go unseen.

    Args:
        spans: what the trace tells now.
        digest: of them.
        as_of: when the deal was last looked at; tells the newest state.
    """
    numbers = {
        span.span_id: span_id_of(span.trace_id, span.span_id.hex(), digest) for span in spans
    }
    numbers[b""] = b""
    return [
        replace(
            span,
            span_id=numbers[span.span_id],
            parent_id=numbers[span.parent_id],
            attributes={**span.attributes, "tieout.as_of": str(encode_value(as_of))}
            if not span.parent_id
            else span.attributes,
        )
        for span in spans
    ]


def _hop(
    deal: Deal,
    passage: StoredPassage,
    arrived_at: datetime,
    route: Route,
    trace_id: bytes,
    parent: bytes,
) -> Span:
    source, to = route.ends[passage.hop]
    is_late = arrived_at > passage.due_at
    pair = {"tieout.pair": passage.pair} if passage.pair else {}
    return Span(
        trace_id=trace_id,
        span_id=span_id_of(trace_id, "hand-off", passage.hop, passage.pair),
        parent_id=parent,
        name=passage.hop,
        service=to.system,
        start=passage.started_at,
        # What was there before it was asked for took no time.
        end=max(passage.started_at, arrived_at),
        attributes={
            "tieout.from": str(source),
            "tieout.to": str(to),
            "tieout.due_at": str(encode_value(passage.due_at)),
            "tieout.late": is_late,
            **pair,
        },
        events=[_event(step) for step in deal.steps if step.hop == passage.hop],
        failure="arrived after its time" if is_late else "",
    )


def _event(step: StoredStep) -> Event:
    attributes = {
        "tieout.break": step.fingerprint[:10],
        "tieout.rule": step.rule,
        "tieout.kind": step.kind,
    }
    return Event(f"break {step.step}", step.at, attributes)
