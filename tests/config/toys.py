"""Plug-ins small enough that every message of the loader can be provoked without the real ones."""

from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr

from alerts.wording import check_templates
from monitor.core.flows import RuleSettings, StreamName
from monitor.core.plugins import (
    ChannelType,
    Plugins,
    ProbeType,
    RuleContext,
    RuleType,
    WatchContext,
    WatchType,
)
from monitor.core.streams import Name, Settings, StreamSettings, SystemSettings
from monitor.core.watches import WatchSettings


class TokenAuth(Settings):
    kind: Literal["token"]
    token: SecretStr


class PasswordAuth(Settings):
    kind: Literal["password"]
    user: str
    password: SecretStr


class WebStream(StreamSettings):
    path: str
    page_size: int = 100
    newest_first: bool = False


class WebSystem(SystemSettings):
    """A system on the web."""

    probe: Literal["web"]
    url: str
    auth: Annotated[TokenAuth | PasswordAuth, Field(discriminator="kind")] | None = None
    headers: dict[str, str] = {}
    streams: dict[Name, WebStream]


class DiskSystem(SystemSettings):
    """A folder."""

    probe: Literal["disk"]
    folder: str
    streams: dict[Name, StreamSettings]


class PresentRule(RuleSettings):
    check: Literal["present"]
    stream: StreamName


class EqualRule(RuleSettings):
    check: Literal["equal"]
    left: StreamName
    right: StreamName
    tolerance: float = 0


class StillWatch(WatchSettings):
    check: Literal["still"]
    stream: StreamName


class MovingWatch(WatchSettings):
    check: Literal["moving"]


class PostChannel(Settings):
    channel: Literal["post"]
    url: str
    secret: SecretStr


class ShoutChannel(Settings):
    channel: Literal["shout"]


def _build_rule(name: str, settings: Any, context: RuleContext) -> Any:
    for stream in ("stream", "left", "right"):
        named = getattr(settings, stream, None)
        if named and named not in map(str, context.entities):
            raise ValueError(f"{name} reads the stream '{named}', which is not known")
    return name


def _build_watch(name: str, settings: Any, context: WatchContext) -> Any:
    return _build_rule(name, settings, context.estate)


def _build(settings: Any, context: Any) -> Any:
    return settings, context


TOYS = Plugins(
    probes={"web": ProbeType(WebSystem, _build), "disk": ProbeType(DiskSystem, _build)},
    rules={
        "present": RuleType(PresentRule, _build_rule),
        "equal": RuleType(EqualRule, _build_rule),
    },
    channels={"post": ChannelType(PostChannel, _build), "shout": ChannelType(ShoutChannel, _build)},
    watches={
        "still": WatchType(StillWatch, _build_watch),
        "moving": WatchType(MovingWatch, _build_watch),
    },
    check_templates=check_templates,
)
