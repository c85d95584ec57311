"""What the contract needs to know of each channel: its other side and its settings."""

import base64
import json
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from alerts import CHANNELS
from monitor.core.breaks import Finding
from monitor.core.plugins import ChannelContext
from monitor.core.ports import Channel, LivingChannel
from tests.alerts.examples import MISSING, NOW, message, notice
from tests.alerts.fake_desks import (
    JIRA_TOKEN,
    SERVICENOW_PASSWORD,
    FakeJira,
    FakeServiceNow,
)
from tests.alerts.fake_slack import CONVERSATION, TOKEN, FakeSlack
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
            )
            channel.close()

    return opened


def posting(
    raw_settings: Callable[[str], dict[str, Any]],
    key_of: Callable[[bytes], str],
    *canaries: str,
) -> Callable[[], AbstractContextManager[Harness]]:
    """A channel that posts to one address, where every post is about one incident."""

    @contextmanager
    def opened() -> Iterator[Harness]:
        time = Time()
        accepted: list[str] = []

        def accept(request: Request) -> Reply:
            accepted.append(key_of(request.body))
            return Reply(202)

        with running(Receiver(accept)) as receiver:
            settings = raw_settings(receiver.address)
            channel = build(settings, time)
            yield Harness(
                settings["channel"], channel, receiver, settings, canaries, lambda: accepted, time
            )
            channel.close()

    return opened


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
    ),
    "slack": slack,
    "slack_webhook": posting(
        lambda address: {"channel": "slack_webhook", "url": address + HOOK_PATH},
        _key_in_text,
        "canary-path-token",
        "canary-query",
    ),
    "teams": posting(
        lambda address: {"channel": "teams", "url": address + HOOK_PATH},
        _key_in_text,
        "canary-path-token",
        "canary-query",
    ),
    "webhook": webhook,
}
