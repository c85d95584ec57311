"""Indicators as gauges. What has no value has no series: nothing to compare is not zero."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from monitor.core import indicator_metrics as shown
from monitor.core.metric_types import Metric, Rank, TimeKind
from monitor.core.metrics import LabelValues, Metrics
from monitor.indicators.figures import (
    ALL,
    Amounts,
    Cut,
    Figure,
    FlowIndicators,
    Indicator,
    Quantiles,
    Saving,
    Share,
    Times,
)

Series = tuple[Metric, LabelValues, float]

_RATIOS: Mapping[Indicator, Metric] = {
    Indicator.MATCH_RATE: shown.DEALS_MATCHED,
    Indicator.VISIBILITY: shown.DEALS_VISIBLE,
    Indicator.TOUCHLESS: shown.HAND_OFFS_TOUCHLESS,
    Indicator.BILLING_EXCEPTIONS: shown.BILLING_EXCEPTIONS,
    Indicator.DUPLICATES: shown.DUPLICATES,
}
_GAUGES: Sequence[Metric] = (
    *_RATIOS.values(),
    shown.SET_UP_TIME,
    shown.HAND_OFF_TIME,
    shown.RECOVERY_TIME,
    shown.HAND_OFFS_OVERDUE,
    shown.REVENUE_DELAYED,
    shown.HAND_OFF_VALUE_AT_RISK,
    shown.BREAKS_BY_AGE,
    shown.TIME_SAVED,
)


def expose_indicators(told: Sequence[FlowIndicators], metrics: Metrics) -> None:
    """Bring every gauge of an indicator to what was computed."""
    values: dict[Metric, dict[LabelValues, float]] = {gauge: {} for gauge in _GAUGES}
    for of_flow in told:
        for metric, labels, value in _series_of(of_flow):
            values[metric][labels] = value
    for gauge, of_gauge in values.items():
        metrics.replace(gauge, of_gauge, fill=False)


def _series_of(told: FlowIndicators) -> Iterator[Series]:
    for cut, figures in told.cuts.items():
        for figure in figures:
            yield from _ratio(told.flow, cut, figure)
    hand_offs = {figure.part for figure in told.of(Indicator.REVENUE_DELAYED)}
    for figure in told.cuts[ALL]:
        labels = (told.flow, figure.part) if figure.part else (told.flow,)
        match figure.value:
            case Times() as times:
                yield from _times(figure, labels, times)
            case Amounts() as amounts if figure.part in hand_offs:
                yield from _money(figure, labels, amounts)
            case Amounts(count=count) if figure.indicator is Indicator.AGEING:
                yield shown.BREAKS_BY_AGE, labels, float(count)
            case Saving(time=time):
                yield shown.TIME_SAVED, labels, time.total_seconds()


def _ratio(flow: str, cut: Cut, figure: Figure) -> Iterator[Series]:
    """Of all hand-offs and streams together: their parts would multiply the series."""
    metric, value = _RATIOS.get(figure.indicator), figure.value
    if metric is None or figure.part or not isinstance(value, Share) or value.ratio is None:
        return
    dimension = "all" if cut.dimension is None else cut.dimension.value
    yield metric, (flow, dimension, cut.value or "all"), float(value.ratio)


def _times(figure: Figure, labels: LabelValues, times: Times) -> Iterator[Series]:
    match figure.indicator:
        case Indicator.RECOVERY_TIME if not figure.part:
            for rank, seconds in _ranked(times.plain):
                yield shown.RECOVERY_TIME, (*labels, rank), seconds
        case Indicator.SET_UP_TIME | Indicator.HAND_OFF_TIME:
            is_whole = figure.indicator is Indicator.SET_UP_TIME
            metric = shown.SET_UP_TIME if is_whole else shown.HAND_OFF_TIME
            for kind, of_kind in ((TimeKind.PLAIN, times.plain), (TimeKind.WORKING, times.working)):
                for rank, seconds in _ranked(of_kind):
                    yield metric, (*labels, kind.value, rank), seconds


def _ranked(quantiles: Quantiles | None) -> Iterator[tuple[str, float]]:
    if quantiles is not None:
        times = (quantiles.p50, quantiles.p90, quantiles.p99)
        for rank, time in zip(Rank, times, strict=True):
            yield rank.value, time.total_seconds()


def _money(figure: Figure, labels: LabelValues, amounts: Amounts) -> Iterator[Series]:
    """Of hand-offs; what comparisons put at risk is in the sum over all breaks."""
    if figure.indicator is Indicator.REVENUE_DELAYED:
        yield shown.HAND_OFFS_OVERDUE, labels, float(amounts.count)
        yield from _sums(shown.REVENUE_DELAYED, labels, amounts.sums)
    elif figure.indicator is Indicator.VALUE_AT_RISK:
        yield from _sums(shown.HAND_OFF_VALUE_AT_RISK, labels, amounts.sums)


def _sums(metric: Metric, labels: LabelValues, sums: Mapping[str, Decimal]) -> Iterator[Series]:
    for currency, amount in sums.items():
        yield metric, (*labels, currency), float(amount)
