"""An explanation on a terminal; record content is text, never markup."""

from collections.abc import Iterator

from monitor.core.showing import (
    show_count,
    show_instant,
    show_minute,
    show_money,
    show_text,
    show_value,
)
from monitor.explaining.cohorts import Cohort
from monitor.explaining.explanation import Explanation
from monitor.explaining.origin import Change
from monitor.reports.planned import tell_refusal


def tell_explanation(told: Explanation) -> Iterator[str]:
    """The explanation line by line."""
    found = told.subject.finding
    kind, state = found.kind.value.replace("_", " "), told.subject.state.value
    yield f"{told.subject.id}  {found.transaction}  {kind}  {state}, {found.severity.value}"
    yield ""
    yield f"Why       {told.why}"
    for side in told.sides:
        said = "is there" if side.value is None else f"says {show_value(side.value, found.field)}"
        yield f"          {side.stream} {side.native_id} {said}"
    if found.value_at_risk is not None:
        yield f"At risk   {show_money(found.value_at_risk, found.currency)}"
    yield from _rule(told)
    yield ""
    yield from _since(told)
    yield ""
    yield from _cohorts(told)
    yield ""
    yield f"Fix       {told.remedy}"
    if found.owner:
        yield f"Owner     {found.owner}"
    yield from _corrections(told)
    if told.ignore is not None:
        decision = told.ignore.decision
        until = f" until {show_minute(decision.until)}" if decision.until else ""
        yield f"Ignored   by {decision.owner}{until}: {decision.reason} (ignore {told.ignore.id})"


def _corrections(told: Explanation) -> Iterator[str]:
    for each in told.plans:
        ended = f": {each.ended_why}" if each.ended_why else ""
        yield f"Plan      {each.id} of {each.requester} is {each.state.value}{ended}"
    for refusal in told.refusals:
        yield f"Not done  {tell_refusal(refusal)}"


def _rule(told: Explanation) -> Iterator[str]:
    rule = told.rule
    if not rule.check:
        yield f"Rule      {rule.name}, which the landscape no longer has"
        return
    yield f"Rule      {rule.name} ({rule.check.replace('_', ' ')})"
    if rule.objective:
        yield f"          {rule.objective}"
    for line in rule.settings:
        yield f"          {line}"


def _since(told: Explanation) -> Iterator[str]:
    since = told.origin.since
    yield f"Since     {'unknown' if since is None else f'{show_instant(since)} UTC'}"
    for each in told.origin.changes:
        yield from _change(each)
    yield f"Before    {told.before}"


def _change(each: Change) -> Iterator[str]:
    name = f"{each.stream} {each.native_id}"
    if each.after is None:
        yield f"          {name} was deleted"
    elif each.before is None:
        yield f"          {name} appeared, seen {show_instant(each.seen_at)}"
    for field in each.fields:
        before, after = (
            "nothing"
            if (value := fields.get(field)) is None
            else show_value(show_text(value), field)
            for fields in (each.before or {}, each.after or {})
        )
        yield f"          {name} {field.replace('_', ' ')}: {before} -> {after}"


def _cohorts(told: Explanation) -> Iterator[str]:
    if not told.compared:
        yield "Shared by no cohort: it is about no deal that could be compared"
        return
    compared = (
        f"{show_count(told.broken, 'deal')} with breaks of this kind beside"
        f" {show_count(told.compared, 'deal')} of the estate"
    )
    if not told.cohorts:
        yield f"Shared by no cohort: nothing stands out among {compared}"
        return
    yield f"Shared by ({compared})"
    for each in told.cohorts:
        yield f"          {_cohort(each)}"


def _cohort(each: Cohort) -> str:
    return (
        f"{each.dimension.replace('_', ' ')} {each.value}:"
        f" {each.broken} of {each.of_broken} broken,"
        f" {each.compared} of {each.of_compared} in the estate; {each.lift:.1f} times as frequent"
    )
