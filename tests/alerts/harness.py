"""What the contract needs to know of each channel: its other side and its settings."""

import base64
import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from alerts import CHANNELS
from monitor.core.breaks import Finding
from monitor.core.plugins import ChannelContext
from monitor.core.ports import Channel, LivingChannel
from tests.alerts.examples import LATER, MISSING, NOW, message, notice
from tests.alerts.fake_desks import (
    JIRA_TOKEN,
    SERVICENOW_PASSWORD,
    FakeJira,
    FakeServiceNow,
)
from tests.alerts.fake_slack import CONVERSATION, TOKEN, FakeSlack, check_blocks
from tests.alerts.receiver import Receiver, Reply, Request, running

HOOK_SECRET = "canary-hook-secret-51b0"
HOOK_PATH = "/hooks/canary-path-token?key=canary-query"


@dataclass
class Time:
    """A clock that moves when somebody sleeps."""

    now: datetime = NOW
    slept: list[float] = field(default_factory=list)

    def clock(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += timedelta(seconds=seconds)


@dataclass
class Harness:
    """One channel and its other side."""

    name: str
    channel: Channel | LivingChannel
    receiver: Receiver
    raw_settings: dict[str, Any]
    canaries: tuple[str, ...]
    arrived: Callable[[], list[str]]
    """Identifiers of what the other side has."""
    time: Time
    things: Callable[[], Mapping[str, bool]] = dict
    """By what the other side calls each thing that it has of incidents, whether it is over."""

    def say(self, finding: Finding = MISSING) -> str:
        """Tell the channel of a break; returns the identifier that shall arrive."""
        if isinstance(self.channel, LivingChannel):
            shown = message(finding)
            self.channel.tell(shown, None)
            return shown.key
        told = notice(finding)
        self.channel.send(told)
        return told.id

    def look(self) -> object:
        """What the channel says it has of it."""
        if isinstance(self.channel, LivingChannel):
            return self.channel.find(message())
        return self.channel.find(notice())


def slack_settings(address: str) -> dict[str, Any]:
    return {
        "channel": "slack",
        "token": TOKEN,
        "conversation": CONVERSATION,
        "base_url": f"{address}/api/",
    }


def webhook_settings(address: str) -> dict[str, Any]:
    return {"channel": "webhook", "url": address + HOOK_PATH, "secret": HOOK_SECRET}


def build(raw_settings: dict[str, Any], time: Time) -> Channel | LivingChannel:
    row = CHANNELS[raw_settings["channel"]]
    context = ChannelContext("ops", time.clock, time.sleep)
    return row.build(row.settings.model_validate(raw_settings), context)


@contextmanager
def slack() -> Iterator[Harness]:
    fake, time = FakeSlack(), Time()
    with running(Receiver(fake.answer)) as receiver:
        raw_settings = slack_settings(receiver.address)
        channel = build(raw_settings, time)
        yield Harness(
            "slack",
            channel,
            receiver,
            raw_settings,
            (TOKEN,),
            lambda: [each["metadata"]["event_payload"]["key"] for each in fake.messages],
            time,
            lambda: {each["ts"]: each["text"].startswith("Resolved: ") for each in fake.messages},
        )
        channel.close()


@contextmanager
def webhook() -> Iterator[Harness]:
    time = Time()
    accepted: list[str] = []

    def accept(request: Any) -> Reply:
        accepted.append(json.loads(request.body)["id"])
        return Reply(204, b"")

    with running(Receiver(accept)) as receiver:
        raw_settings = webhook_settings(receiver.address)
        channel = build(raw_settings, time)
        yield Harness(
            "webhook",
            channel,
            receiver,
            raw_settings,
            (HOOK_SECRET, "canary-path-token", "canary-query"),
            lambda: accepted,
            time,
        )
        channel.close()


def desk(
    fake: Callable[[], FakeServiceNow | FakeJira], settings: dict[str, Any], canary: str
) -> Callable[[], AbstractContextManager[Harness]]:
    """A channel that keeps a ticket for each incident at a desk that can be asked."""

    @contextmanager
    def opened() -> Iterator[Harness]:
        kept, time = fake(), Time()
        with running(Receiver(kept.answer)) as receiver:
            raw_settings = {**settings, "url": receiver.address}
            channel = build(raw_settings, time)
            encoded = base64.b64encode(f"{settings['user']}:{canary}".encode()).decode()
            yield Harness(
                settings["channel"],
                channel,
                receiver,
                raw_settings,
                (canary, encoded),
                kept.keys,
                time,
                kept.standing,
            )
            channel.close()

    return opened


def posting(
    raw_settings: Callable[[str], dict[str, Any]],
    key_of: Callable[[bytes], str],
    *canaries: str,
    over: Callable[[Any], bool],
    named: Callable[[Any], str] | None = None,
    fits: Callable[[bytes], bool] = lambda _: True,
) -> Callable[[], AbstractContextManager[Harness]]:
    """A channel that posts to one address, where every post is about one incident.

    Args:
        raw_settings: by the address.
        key_of: the incident that a post is about.
        canaries: what must not be shown.
        over: whether a post says that it is over.
        named: what a post is the same as an earlier one by; None: each stands for itself.
        fits: whether a post is within the documented limits.
    """

    @contextmanager
    def opened() -> Iterator[Harness]:
        time = Time()
        accepted: list[str] = []
        things: dict[str, bool] = {}

        def accept(request: Request) -> Reply:
            if not fits(request.body):
                return Reply(400)
            accepted.append(key_of(request.body))
            document = json.loads(request.body)
            name = named(document) if named is not None else str(len(things))
            things[name] = over(document)
            return Reply(202)

        with running(Receiver(accept)) as receiver:
            settings = raw_settings(receiver.address)
            channel = build(settings, time)
            yield Harness(
                settings["channel"],
                channel,
                receiver,
                settings,
                canaries,
                lambda: accepted,
                time,
                lambda: things,
            )
            channel.close()

    return opened


def _is_an_event(body: bytes) -> bool:
    """Within the limits of PagerDuty's Events API v2."""
    payload = json.loads(body).get("payload", {"summary": "-"})
    return len(body) <= 512 * 1024 and 0 < len(payload["summary"]) <= 1_024


def _key_in_text(body: bytes) -> str:
    found = re.search(rb"incident `?(\d+)", body)
    return f"tieout-incident-{found[1].decode()}" if found else ""


HARNESSES = {
    "alertmanager": posting(
        lambda address: {
            "channel": "alertmanager",
            "url": f"{address}/prefix",
            "token": "canary-bearer",
        },
        lambda body: f"tieout-incident-{json.loads(body)[0]['labels']['incident']}",
        "canary-bearer",
        over=lambda alerts: datetime.fromisoformat(alerts[0]["endsAt"]) == LATER,
        named=lambda alerts: json.dumps(alerts[0]["labels"], sort_keys=True),
    ),
    "jira": desk(
        FakeJira,
        {
            "channel": "jira",
            "user": "tieout@firm.example",
            "token": JIRA_TOKEN,
            "project": "OPS",
            "again": "Reopen",
        },
        JIRA_TOKEN,
    ),
    "servicenow": desk(
        FakeServiceNow,
        {"channel": "servicenow", "user": "tieout", "password": SERVICENOW_PASSWORD},
        SERVICENOW_PASSWORD,
    ),
    "pagerduty": posting(
        lambda address: {
            "channel": "pagerduty",
            "url": f"{address}/v2/enqueue",
            "routing_key": "canary-routing-key",
        },
        lambda body: str(json.loads(body)["dedup_key"]),
        "canary-routing-key",
        over=lambda event: bool(event["event_action"] == "resolve"),
        named=lambda event: str(event["dedup_key"]),
        fits=_is_an_event,
    ),
    "slack": slack,
    "slack_webhook": posting(
        lambda address: {"channel": "slack_webhook", "url": address + HOOK_PATH},
        _key_in_text,
        "canary-path-token",
        "canary-query",
        over=lambda message: bool(message["text"].startswith("Resolved: ")),
        fits=lambda body: not check_blocks(json.loads(body)["blocks"]),
    ),
    "teams": posting(
        lambda address: {"channel": "teams", "url": address + HOOK_PATH},
        _key_in_text,
        "canary-path-token",
        "canary-query",
        over=lambda card: "Resolved: " in json.dumps(card),
        fits=lambda body: len(body) <= 28 * 1024,
    ),
    "webhook": webhook,
}
