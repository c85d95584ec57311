"""A firm's own words: its templates, in a small language whose every text comes to an end.

A template prints what is known of an incident, and may choose and repeat: `{{ … }}`, `{% if %}`,
`{% for %}` over what there is, and a closed list of filters. It sets, calls, joins and includes
nothing, so that its time is bounded by its own length and by how much there is to say.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from jinja2 import TemplateError, TemplateSyntaxError, nodes

from alerts.escaping import MAX_VALUE, cut, one_line
from alerts.examples import examples
from alerts.incident_facts import facts_of_incident, outcome_of
from alerts.passages import addresses_of, passages_of
from alerts.render import Target, environment_for
from monitor.core.clock import stopwatch
from monitor.core.incidents import Event, Message
from monitor.core.wording import Fault, Slot, TemplateSettings, Words

MAX_HISTORY = 50
"""Steps of an incident's history that a template is given, the newest."""

MAX_LOOPS = 2
"""Loops within one another."""

MAX_SECONDS = 0.5
MAX_LENGTHS: Mapping[Slot, int] = {Slot.TITLE: 200, Slot.TEXT: 7_000, Slot.SLACK: 2_900}
"""Characters; Slack takes 3,000 in one section."""

_TARGETS = {Slot.TITLE: Target.PLAIN, Slot.TEXT: Target.PLAIN, Slot.SLACK: Target.MRKDWN}

_ALLOWED = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Name,
    nodes.Getattr,
    nodes.Getitem,
    nodes.Const,
    nodes.Filter,
    nodes.Test,
    nodes.If,
    nodes.For,
    nodes.CondExpr,
    nodes.Compare,
    nodes.Operand,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.Tuple,
)

Source = tuple[Slot, str]


class _Unfit(Exception):  # noqa: N818 - what it is; nothing broke
    """A template that cannot be used; the message says why."""


class Wording:
    """The templates of one landscape."""

    def __init__(self, settings: TemplateSettings | None = None) -> None:
        own = settings or TemplateSettings()
        self._sources = {slot: own.of(slot) for slot in Slot if own.of(slot)}

    def apply(self, message: Message) -> Message:
        """The incident in the firm's own words, in tieout's where a template cannot be used."""
        if not self._sources:
            return message
        facts = _facts(message)
        said: dict[Slot, str] = {}
        faults: list[Fault] = []
        for slot, source in self._sources.items():
            try:
                said[slot] = _render(slot, source, facts)
            except _Unfit as error:
                faults.append(Fault(slot, str(error)))
        title = one_line(said.get(Slot.TITLE, ""))
        return replace(
            message,
            title=title or message.title,
            words=Words(said.get(Slot.TEXT, ""), said.get(Slot.SLACK, ""), tuple(faults)),
        )


def check_templates(settings: TemplateSettings) -> Iterator[tuple[Slot, str]]:
    """What is wrong with templates, tried on an incident at each turn of its life."""
    for slot in Slot:
        if not (source := settings.of(slot)):
            continue
        for name, message in examples().items():
            try:
                _render(slot, source, _facts(message))
            except _Unfit as error:
                yield slot, f"{error} (tried on the example '{name}')"
                break


def _render(slot: Slot, source: str, facts: Mapping[str, Any]) -> str:
    """What a template makes of the facts.

    Raises:
        _Unfit: it is faulty, needs what is not there, says nothing or too much, or takes too long.
    """
    environment = environment_for(_TARGETS[slot])
    limit, elapsed = MAX_LENGTHS[slot], stopwatch()
    parts: list[str] = []
    length = 0
    try:
        _check(environment.parse(source))
        for part in environment.from_string(source).generate(dict(facts)):
            parts.append(part)
            length += len(part)
            if length > limit:
                raise _Unfit(f"it makes more than {limit:,} characters")
            if elapsed() > MAX_SECONDS:
                raise _Unfit("it takes too long")
    except (SyntaxError, RecursionError):
        raise _Unfit("its parts are too deep within one another") from None
    except TemplateSyntaxError as error:
        raise _Unfit(f"line {error.lineno}: {error.message}") from None
    except (TemplateError, TypeError, ValueError, ArithmeticError, AttributeError) as error:
        raise _Unfit(str(error) or type(error).__name__) from None
    text = "".join(parts).strip()
    if not text:
        raise _Unfit("it says nothing")
    return text


def _check(node: nodes.Node, loops: int = 0) -> None:
    if not isinstance(node, _ALLOWED):
        line, name = node.lineno, type(node).__name__
        raise _Unfit(f"line {line}: templates print, choose and repeat; this is {name}")
    if isinstance(node, nodes.For):
        loops += 1
        if loops > MAX_LOOPS or node.recursive:
            raise _Unfit(f"line {node.lineno}: no more than {MAX_LOOPS} loops within one another")
    for child in node.iter_child_nodes():
        if not isinstance(child, nodes.EvalContextModifier):
            _check(child, loops)


def _facts(message: Message) -> dict[str, Any]:
    """What a template may speak of: plain values, none of them long."""
    incident = message.incident
    plain: Callable[[str], str] = one_line
    return {
        "title": message.title,
        "number": incident.id,
        "state": incident.state.value,
        "severity": incident.severity.value,
        "cause": incident.cause.kind.value,
        "opened_at": incident.opened_at,
        "resolved_at": incident.resolved_at,
        "acknowledged_by": incident.acknowledged_by,
        "acknowledged_until": incident.acknowledged_until,
        "on_shift": incident.on_shift,
        "raised_because": message.raised_because,
        "escalated_to": message.escalated_to,
        "standing": message.standing,
        "ever": message.ever,
        "deal": message.circumstances.deal,
        "owners": list(message.owners),
        "money": [{"currency": code, "amount": it} for code, it in sorted(message.money.items())],
        "outcome": outcome_of(message),
        "facts": [{"label": it.label, "value": it.value} for it in facts_of_incident(message)],
        "passages": [{"heading": it.heading, "lines": it.lines} for it in passages_of(message)],
        "examples": [cut(each, MAX_VALUE, plain) for each in message.examples],
        "history": [_step(each) for each in message.history[-MAX_HISTORY:]],
        "links": [{"name": each.name, "url": each.url} for each in addresses_of(message)],
    }


def _step(event: Event) -> dict[str, Any]:
    return {
        "at": event.at,
        "kind": event.kind.value,
        "who": event.who,
        "why": cut(one_line(event.why), MAX_VALUE),
    }
