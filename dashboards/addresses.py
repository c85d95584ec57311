"""Where a firm keeps what alerts and panels link to."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Addresses:
    """Starts of links, without a slash at their end.

    The given ones lead nowhere (RFC 2606): `python -m dashboards` takes a firm's own.

    Attributes:
        grafana: of Grafana.
        runbooks: of the folder that holds `docs/runbooks`.
        page: of tieout's own page.
    """

    grafana: str = "https://grafana.example"
    runbooks: str = "https://tieout.example/runbooks"
    page: str = "https://tieout.example"
