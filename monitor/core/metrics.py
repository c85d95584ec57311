"""The numbers that tieout shows, in no registry but its own."""

import re
import threading
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import product

from prometheus_client import Counter, Gauge, Histogram, Info
from prometheus_client.metrics import MetricWrapperBase

from monitor.core.catalogue import BUILD_INFO, CATALOGUE
from monitor.core.metric_types import Bound, Label, Metric, MetricType
from monitor.core.model import StreamId
from monitor.core.scraping import ScrapedPage

MAX_EXEMPLAR = 128
"""Characters of an exemplar's label names and values together, by the OpenMetrics specification."""

MAX_CURRENCIES = 32
"""Records name currencies, and records can lie: further codes share one series."""

OTHER_CURRENCY = "other"

LabelValues = tuple[str, ...]
"""In the order in which the metric declares its labels."""


@dataclass(frozen=True, slots=True)
class KnownNames:
    """The names of a landscape, which alone may become labels."""

    systems: Collection[str] = ()
    streams: Collection[StreamId] = ()
    flows: Collection[str] = ()
    channels: Collection[str] = ()
    watches: Collection[str] = ()
    hand_offs: Collection[tuple[str, str]] = ()
    """Flow and name."""


class Metrics:
    """Every metric of the catalogue. Safe to use from several threads.

    A value for a system, stream, flow, hand-off, channel or watch that the landscape does not
    name is dropped: a job that outlives a reload must not bring the series of a removed source
    back. Wrong label names, or values outside a closed list, are mistakes in the code and raise
    ValueError.
    """

    def __init__(self, version: str) -> None:
        self._gauges = {each: self._gauge(each) for each in _of_type(MetricType.GAUGE)}
        self._counters = {each: self._counter(each) for each in _of_type(MetricType.COUNTER)}
        self._histograms = {each: self._histogram(each) for each in _of_type(MetricType.HISTOGRAM)}
        info = Info(BUILD_INFO.name.removesuffix("_info"), BUILD_INFO.help, registry=None)
        info.info({"version": version})
        self._page = ScrapedPage(
            {**self._gauges, **self._counters, **self._histograms, BUILD_INFO: info}
        )
        self._followed: dict[tuple[Metric, LabelValues], float] = {}
        self._replaced: dict[Metric, dict[LabelValues, float]] = {}
        self._known = KnownNames()
        self._currencies: set[str] = set()
        self._lock = threading.Lock()

    def prepare(self, known: KnownNames) -> None:
        """Take over a landscape's names.

        Counters and histograms get every label set that the names allow, at 0, so that the
        first event is seen as an increase. Series of names that are gone disappear.
        """
        with self._lock:
            self._known = known
            self._replaced.clear()
            self._page.forget_all()
            for metric, gauge in self._gauges.items():
                for values in _series_of(gauge, metric):
                    if not self._is_known(metric, values):
                        gauge.remove(*values)
            labelled = [*self._counters.items(), *self._histograms.items()]
            for metric, family in labelled:
                if not metric.labels:
                    continue
                wanted = list(known_label_sets(metric, known))
                for values in _series_of(family, metric).difference(wanted):
                    family.remove(*values)
                for values in wanted:
                    family.labels(*values)

    def set(self, metric: Metric, value: float, **labels: str) -> None:
        """Set a gauge."""
        with self._lock:
            values = self._admit(metric, labels)
            if values is not None:
                gauge = self._gauges[metric]
                (gauge.labels(*values) if values else gauge).set(value)
                self._page.forget(metric)

    def replace(
        self, metric: Metric, values: Mapping[LabelValues, float], *, fill: bool = True
    ) -> None:
        """Set a gauge to exactly these values.

        Args:
            metric: which.
            values: by label values.
            fill: every other label set that is known becomes 0, and has no series otherwise.
        """
        with self._lock:
            gauge = self._gauges[metric]
            known = known_label_sets(metric, self._known) if fill else ()
            totals = dict.fromkeys(known, 0.0)
            for given, value in values.items():
                labels = dict(zip(metric.label_names, given, strict=True))
                admitted = self._admit(metric, labels)
                if admitted is not None:
                    totals[admitted] = totals.get(admitted, 0.0) + value
            if totals == self._replaced.get(metric):
                return
            gauge.clear()
            for admitted, total in totals.items():
                gauge.labels(*admitted).set(total)
            self._replaced[metric] = totals
            self._page.forget(metric)

    def add(self, metric: Metric, amount: float = 1, **labels: str) -> None:
        """Add to a counter."""
        with self._lock:
            values = self._admit(metric, labels)
            if values is not None and amount:
                counter = self._counters[metric]
                (counter.labels(*values) if values else counter).inc(amount)
                self._page.forget(metric)

    def follow(self, metric: Metric, total: float, **labels: str) -> None:
        """Add to a counter what a stored count has grown by since it was last told.

        The first time tells nothing: what was stored before a process began, the one before it
        has counted.
        """
        values = tuple(labels[name] for name in metric.label_names)
        before = self._followed.get((metric, values), total)
        self._followed[metric, values] = total
        self.add(metric, max(total - before, 0), **labels)

    def observe(self, metric: Metric, seconds: float, *, trace_id: str = "", **labels: str) -> None:
        """Add a length of time to a histogram.

        Args:
            metric: which.
            seconds: how long.
            trace_id: of an example of it, in hexadecimal; shown where OpenMetrics is accepted.
            labels: by name.
        """
        exemplar = {"trace_id": trace_id} if trace_id else None
        if exemplar and len("trace_id") + len(trace_id) > MAX_EXEMPLAR:
            raise ValueError(f"an exemplar has at most {MAX_EXEMPLAR} characters")
        with self._lock:
            values = self._admit(metric, labels)
            if values is not None:
                histogram = self._histograms[metric]
                (histogram.labels(*values) if values else histogram).observe(seconds, exemplar)
                self._page.forget(metric)

    def expose(self, accept: str = "", *, compressed: bool = False) -> tuple[bytes, str]:
        """The page and its content type: OpenMetrics where the `Accept` header allows it.

        Args:
            accept: what the caller reads.
            compressed: whether the page is to be in gzip.
        """
        with self._lock:
            return self._page.read(accept, compressed=compressed)

    def _admit(self, metric: Metric, labels: Mapping[str, str]) -> LabelValues | None:
        """The label values to use; None where the landscape does not name them."""
        if labels.keys() != set(metric.label_names):
            raise ValueError(f"{metric.name} has the labels {', '.join(metric.label_names)}")
        values = tuple(self._fold(label, labels[label.name]) for label in metric.labels)
        return values if self._is_known(metric, values) else None

    def _fold(self, label: Label, value: str) -> str:
        if isinstance(label.values, Bound):
            return self._fold_currency(value) if label.values is Bound.CURRENCIES else value
        return label.values(value).value

    def _fold_currency(self, code: str) -> str:
        is_new = code not in self._currencies
        if is_new and (
            not re.fullmatch("[A-Z]{3}", code) or len(self._currencies) >= MAX_CURRENCIES
        ):
            return OTHER_CURRENCY
        self._currencies.add(code)
        return code

    def _is_known(self, metric: Metric, values: LabelValues) -> bool:
        named = {label.values: value for label, value in zip(metric.labels, values, strict=True)}
        known = self._known
        if Bound.STREAMS in named:
            return StreamId(named[Bound.SOURCES], named[Bound.STREAMS]) in known.streams
        if Bound.HAND_OFFS in named:
            return (named[Bound.FLOWS], named[Bound.HAND_OFFS]) in known.hand_offs
        return all(named.get(bound) in {None, *names} for bound, names in _by_bound(known).items())

    def _gauge(self, metric: Metric) -> Gauge:
        return Gauge(
            metric.name,
            metric.help,
            metric.label_names,
            unit=_unit(metric),
            registry=None,
        )

    def _counter(self, metric: Metric) -> Counter:
        return Counter(metric.name, metric.help, metric.label_names, registry=None)

    def _histogram(self, metric: Metric) -> Histogram:
        return Histogram(
            metric.name,
            metric.help,
            metric.label_names,
            unit=_unit(metric),
            buckets=metric.buckets,
            registry=None,
        )


def _by_bound(known: KnownNames) -> dict[Bound, Collection[str]]:
    """The names that single labels may have; streams come with their system."""
    return {
        Bound.SOURCES: known.systems,
        Bound.FLOWS: known.flows,
        Bound.CHANNELS: known.channels,
        Bound.WATCHES: known.watches,
    }


def known_label_sets(metric: Metric, known: KnownNames) -> Iterator[LabelValues]:
    """Every label set that the names and the closed lists allow.

    There is none where a label, such as a currency, is known only from what happens.
    """
    bounds = {label.values for label in metric.labels}
    if not metric.labels:
        return
    named = _by_bound(known)
    axes: list[Collection[LabelValues]] = []
    for label in metric.labels:
        match label.values:
            case Bound.SOURCES if Bound.STREAMS in bounds:
                axes.append([(stream.system, stream.stream) for stream in known.streams])
            case Bound.FLOWS if Bound.HAND_OFFS in bounds:
                axes.append(list(known.hand_offs))
            case Bound.STREAMS | Bound.HAND_OFFS:
                pass  # came with its source, or its flow
            case Bound() as bound if bound in named:
                axes.append([(name,) for name in named[bound]])
            case Bound():
                return
            case values:
                axes.append([(member.value,) for member in values])
    for parts in product(*axes):
        yield tuple(value for part in parts for value in part)


def _of_type(wanted: MetricType) -> list[Metric]:
    return [metric for metric in CATALOGUE if metric.type is wanted]


def _unit(metric: Metric) -> str:
    """OpenMetrics wants a declared unit to end the name, so only seconds are declared."""
    return "seconds" if metric.name.endswith("_seconds") else ""


def _series_of(family: MetricWrapperBase, metric: Metric) -> set[LabelValues]:
    return {
        tuple(sample.labels[name] for name in metric.label_names)
        for group in family.collect()
        for sample in group.samples
        if metric.labels
    }
