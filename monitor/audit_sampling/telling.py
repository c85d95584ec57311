"""A sample and its conclusion, for machines and for people."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from monitor.audit_sampling.conclusion import AttributeConclusion, Examined, Reading
from monitor.audit_sampling.design import Population, Sample, Totals
from monitor.audit_sampling.examination import Examination
from monitor.audit_sampling.monetary import MonetaryConclusion, MonetaryPlan
from monitor.core.breaks import Finding
from monitor.core.showing import show_count, show_money


def sample_as_json(sample: Sample) -> dict[str, Any]:
    """What was asked, what it was drawn from, and what was drawn; money as text."""
    request = sample.request
    return {
        "stream": str(request.stream),
        "method": request.method.value,
        "confidence": str(float(request.confidence)),
        "tolerable": _text(request.tolerable),
        "expected": _text(request.expected),
        "seed": request.seed,
        "rules": sorted(request.rules),
        "population": _population_as_json(sample.population),
        "borne": sample.borne,
        **({} if sample.monetary is None else _plan_as_json(sample.monetary)),
        "drawn": [
            {"record": each.native_id, "amount": _text(each.amount), "whole": each.is_whole}
            for each in sample.drawn
        ],
    }


def _plan_as_json(plan: MonetaryPlan) -> dict[str, Any]:
    return {
        "factor": _text(plan.factor),
        "interval": _text(plan.interval),
        "start": _text(plan.start),
    }


def _population_as_json(population: Population) -> dict[str, Any]:
    def totals(by_currency: Mapping[str, Totals]) -> dict[str, Any]:
        return {
            currency: {"count": each.count, "total": _text(each.total)}
            for currency, each in sorted(by_currency.items())
        }

    return {
        "count": population.count,
        "positive": totals(population.positive),
        "negative": totals(population.negative),
        "unpriced": population.unpriced,
        "digest": population.digest,
    }


def examination_as_json(examination: Examination) -> dict[str, Any]:
    """The sample, what was found of each record, and what follows."""
    return {
        **sample_as_json(examination.sample),
        "asked": sorted(examination.asked),
        "unasked": sorted(examination.unasked),
        "examined": [_examined_as_json(each, examination.sample) for each in examination.examined],
        "conclusion": _conclusion_as_json(examination.conclusion),
    }


def _examined_as_json(each: Examined, sample: Sample) -> dict[str, Any]:
    overstated = {"overstated": _text(each.overstated(sample.request.amount))}
    return {
        "record": each.drawn.native_id,
        "reading": each.reading.value,
        "deviates": each.deviates,
        **({} if sample.monetary is None else overstated),
        "findings": [_finding_as_json(finding) for finding in each.findings],
    }


def _finding_as_json(finding: Finding) -> dict[str, Any]:
    return {
        "transaction": finding.transaction,
        "rule": finding.rule,
        "kind": finding.kind.value,
        "system": finding.system,
        "stream": finding.stream,
        "field": finding.field,
        "record": finding.record_id,
        "expected": finding.expected,
        "actual": finding.actual,
    }


def _conclusion_as_json(conclusion: AttributeConclusion | MonetaryConclusion) -> dict[str, Any]:
    match conclusion:
        case AttributeConclusion():
            facts: dict[str, Any] = {"deviations": conclusion.deviations}
        case MonetaryConclusion():
            facts = {
                "known": _text(conclusion.known),
                "projected": _text(conclusion.projected),
                "understated": _text(conclusion.understated),
            }
    limit = _text(conclusion.upper_limit)
    return {**facts, "upper_limit": limit, "accepted": conclusion.is_accepted}


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else format(amount, "f")


def sample_summary(sample: Sample) -> RenderableType:
    """What was drawn from what, for people."""
    population = sample.population
    lines = [f"{sample.request.stream}: {show_count(population.count, 'record')}"]
    for currency, each in sorted(population.positive.items()):
        lines.append(f"  {show_count(each.count, 'record')} of {show_money(each.total, currency)}")
    for currency, each in sorted(population.negative.items()):
        lines.append(
            f"  {show_count(each.count, 'record')} of {show_money(each.total, currency)}"
            + ("; of negative amounts a monetary sample says nothing" if sample.monetary else "")
        )
    if population.unpriced:
        lines.append(f"  {show_count(population.unpriced, 'record')} without money")
    lines.append(
        f"drawn: {show_count(len(sample.drawn), 'record')} from seed {sample.request.seed}"
    )
    if sample.monetary is None:
        lines.append(f"  {show_count(sample.borne, 'deviation')} would be borne")
    else:
        whole = sum(each.is_whole for each in sample.drawn)
        lines.append(
            f"  one in {show_money(sample.monetary.interval)} (factor {sample.monetary.factor});"
            f" {whole:,} of them as large as that, and certain"
        )
    return Text("\n".join(lines))


def examination_summary(examination: Examination) -> RenderableType:
    """What was found and what follows, for people."""
    parts: list[RenderableType] = [sample_summary(examination.sample)]
    deviating = [each for each in examination.examined if each.deviates]
    if deviating:
        table = Table("record", "read again", "found", box=None, header_style="bold")
        for each in deviating:
            found = ", ".join(
                f"{finding.kind.value.replace('_', ' ')} {finding.transaction}"
                for finding in each.findings
            )
            cells = (each.drawn.native_id, each.reading.value.replace("_", " "), found)
            table.add_row(*(Text(cell) for cell in cells))
        parts.append(table)
    since = sum(each.reading is Reading.CHANGED_SINCE for each in examination.examined)
    if since:
        parts.append(
            Text(f"{show_count(since, 'record')} changed after the last look: no deviation")
        )
    if examination.unasked:
        names = ", ".join(sorted(examination.unasked))
        parts.append(Text(f"not asked, for want of sight: {names}", style="yellow"))
    accepted = examination.conclusion.is_accepted
    parts.append(Text(_sentence(examination), style="green" if accepted else "red"))
    return Group(*parts)


def _sentence(examination: Examination) -> str:
    request = examination.sample.request
    confidence = f"with {float(request.confidence):.4g} confidence"
    match examination.conclusion:
        case AttributeConclusion() as conclusion:
            stated = (
                f"{show_count(conclusion.deviations, 'deviation')} in"
                f" {show_count(len(examination.examined), 'record')}: {confidence} at most"
                f" {_percent(conclusion.upper_limit)} deviate"
            )
            tolerable = _percent(request.tolerable)
        case MonetaryConclusion() as conclusion:
            stated = (
                f"overstatement projected at {show_money(conclusion.projected)}: {confidence} at"
                f" most {show_money(conclusion.upper_limit)}"
            )
            tolerable = show_money(request.tolerable)
            if conclusion.understated:
                stated += f" (understated: {show_money(conclusion.understated)}, not set off)"
    verdict = "tolerable" if conclusion.is_accepted else "not shown to be tolerable"
    return f"{stated}; {verdict} at {tolerable}"


def _percent(rate: Decimal) -> str:
    return f"{(rate * 100).normalize():f} %"
