"""Where people look further: a firm's own dashboard and runbooks."""

from typing import Annotated

from pydantic import StringConstraints

from monitor.core.streams import Name, Settings

WebAddress = Annotated[str, StringConstraints(pattern=r"^https?://[^\s<>|\"\\]+$", max_length=500)]
"""An address that every channel takes as a link."""


class LinkSettings(Settings):
    """Addresses that stand in what people are told of an incident."""

    dashboard: WebAddress | None = None
    """Of Grafana; `{flow}` and `{system}` in it are filled in."""
    runbooks: dict[Name, WebAddress] = {}
    """By name of a rule, else kind of break, else kind of cause, else `any`."""
