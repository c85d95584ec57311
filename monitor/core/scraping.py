"""The page that a scraper reads: each family is written anew only after it changed."""

import gzip
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector

from monitor.core.metric_types import Metric

_END = b"# EOF\n"
"""With which OpenMetrics ends a page."""

_QUICK = 1
"""Of gzip's levels: the page is a tenth of its size by it, in a tenth of the slowest one's time."""


class _Collectable(Protocol):
    """As every metric of the library is."""

    def collect(self) -> Iterable[Family]: ...


@dataclass(frozen=True, slots=True)
class _WithoutCreated(Collector):
    """Leaves `_created` out: it would double the series, and Prometheus makes no use of it."""

    family: _Collectable

    def collect(self) -> Iterator[Family]:
        for family in self.family.collect():
            family.samples = [
                sample for sample in family.samples if not sample.name.endswith("_created")
            ]
            yield family


class ScrapedPage:
    """What was written of each family, by format. Not safe to use from several threads.

    Most of a large page stays as it was between two scrapes, and several scrapers read the same.
    """

    def __init__(self, families: Mapping[Metric, _Collectable]) -> None:
        """A page of these families, in this order."""
        self._families = {each.name: _WithoutCreated(family) for each, family in families.items()}
        self._written: defaultdict[str, dict[str, bytes]] = defaultdict(dict)
        self._whole: dict[tuple[str, bool], bytes] = {}

    def forget(self, metric: Metric) -> None:
        """The family changed."""
        self._whole.clear()
        self._written[metric.name].clear()

    def forget_all(self) -> None:
        """Any family may have changed."""
        self._whole.clear()
        self._written.clear()

    def read(self, accept: str, *, compressed: bool) -> tuple[bytes, str]:
        """The page and its content type: OpenMetrics where the `Accept` header allows it."""
        encode, content_type = choose_encoder(accept)
        key = (content_type, compressed)
        if key not in self._whole:
            plain = self._join(encode, content_type)
            self._whole[key] = gzip.compress(plain, _QUICK, mtime=0) if compressed else plain
        return self._whole[key], content_type

    def _join(self, encode: Callable[[Collector], bytes], content_type: str) -> bytes:
        parts = []
        for name, family in self._families.items():
            written = self._written[name]
            if content_type not in written:
                written[content_type] = encode(family).removesuffix(_END)
            parts.append(written[content_type])
        if content_type.startswith("application/openmetrics-text"):
            parts.append(_END)
        return b"".join(parts)
