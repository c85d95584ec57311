"""Debian's RabbitMQ with its management plugin, private in every folder, port and name."""

import base64
import contextlib
import json
import os
import secrets
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.e2e.plan import Message
from tests.e2e.processes import Command, accepts, find_program, free_port, serve

START_SECONDS = 180
CALL_SECONDS = 30
PROGRAMS = "/usr/lib/rabbitmq/bin"

USER = "tieout"
EXCHANGE = "deals"
WORK_QUEUE = "projects.create"
RETRY_EXCHANGE = "deals.dead"
DEAD_LETTER_QUEUE = "projects.create.dead"
AUDIT_QUEUE = "deals.audit"
ROUTING_KEY = "project.create"


@dataclass(frozen=True, slots=True)
class RabbitMQ:
    """A running broker, spoken to over its management API.

    Attributes:
        url: address of the management API.
        password: of the user `tieout`, made for this run.
    """

    url: str
    password: str = field(repr=False)

    def call(self, method: str, path: str, body: object = None) -> Any:
        """One call; the decoded answer, None where it is empty."""
        login = base64.b64encode(f"{USER}:{self.password}".encode()).decode()
        request = urllib.request.Request(  # noqa: S310 - a loopback address of our own
            f"{self.url}/api/{path}",
            None if body is None else json.dumps(body).encode(),
            {"Content-Type": "application/json", "Authorization": f"Basic {login}"},
            method=method,
        )
        with urllib.request.urlopen(request, timeout=CALL_SECONDS) as reply:  # noqa: S310
            text = reply.read()
        return json.loads(text) if text else None

    def answers(self) -> bool:
        """Whether the management API is up."""
        try:
            return bool(self.call("GET", "overview"))
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False

    def declare(self) -> None:
        """Exchange, work queue with its dead letters, and a queue that audits every message."""
        dead = {"x-dead-letter-exchange": RETRY_EXCHANGE}
        for exchange in (EXCHANGE, RETRY_EXCHANGE):
            self.call("PUT", f"exchanges/%2F/{exchange}", {"type": "topic", "durable": True})
        for queue, arguments in ((WORK_QUEUE, dead), (DEAD_LETTER_QUEUE, {}), (AUDIT_QUEUE, {})):
            self.call("PUT", f"queues/%2F/{queue}", {"durable": True, "arguments": arguments})
        for exchange, queue in (
            (EXCHANGE, WORK_QUEUE),
            (EXCHANGE, AUDIT_QUEUE),
            (RETRY_EXCHANGE, DEAD_LETTER_QUEUE),
        ):
            binding = {"routing_key": "#"}
            self.call("POST", f"bindings/%2F/e/{exchange}/q/{queue}", binding)

    def publish(self, message: Message, at: int, lifetime: int | None = None) -> None:
        """Publish one message.

        Args:
            message: what to say.
            at: its timestamp, seconds since 1970.
            lifetime: milliseconds until it expires; None keeps it.
        """
        properties: dict[str, object] = {
            "message_id": message.message_id,
            "correlation_id": message.deal,
            "timestamp": at,
            "content_type": "application/json",
            "type": ROUTING_KEY,
            "delivery_mode": 2,
        }
        if lifetime is not None:
            properties["expiration"] = str(lifetime)
        body = {
            "routing_key": ROUTING_KEY,
            "properties": properties,
            "payload": json.dumps({"deal": message.deal}),
            "payload_encoding": "string",
        }
        if not self.call("POST", f"exchanges/%2F/{EXCHANGE}/publish", body)["routed"]:
            raise LookupError(f"{message.message_id} reached no queue")

    def take(self, queue: str, count: int, how: str) -> list[dict[str, Any]]:
        """Get messages and acknowledge, reject or put them back, as `how` says."""
        body = {"count": count, "ackmode": how, "encoding": "auto"}
        messages: list[dict[str, Any]] = self.call("POST", f"queues/%2F/{queue}/get", body)
        return messages

    def put(self, queue: str, taken: Mapping[str, Any]) -> None:
        """Put a message that was taken back at the end of a queue, with all that it carries."""
        body = {
            "routing_key": queue,
            "properties": taken["properties"],
            "payload": taken["payload"],
            "payload_encoding": taken["payload_encoding"],
        }
        if not self.call("POST", "exchanges/%2F/amq.default/publish", body)["routed"]:
            raise LookupError(f"{queue} took nothing back")

    def has_dead_letters(self, count: int) -> bool:
        """Whether the dead-letter queue holds so many, and the API's lagging count says so too."""
        held = self.take(DEAD_LETTER_QUEUE, count + 1, "ack_requeue_true")
        counted: int | None = self.call("GET", f"queues/%2F/{DEAD_LETTER_QUEUE}").get("messages")
        return len(held) == count and counted == count

    def replay(self) -> str:
        """Consume the dead letter at the head of its queue; returns its message id."""
        (message,) = self.take(DEAD_LETTER_QUEUE, 1, "ack_requeue_false")
        message_id: str = message["properties"]["message_id"]
        return message_id


def carry(rabbitmq: RabbitMQ, messages: Iterable[Message], at: int) -> None:
    """Let each message end as planned: consumed, rejected, or expired in the queue.

    The work queue has no consumer of its own, so its order is the order of publishing. Dead
    letters arrive a moment later.
    """
    chosen = sorted(messages, key=lambda message: message.end)
    endings = {"consumed": "ack_requeue_false", "rejected": "reject_requeue_false"}
    for end, how in endings.items():
        of_this_end = [message for message in chosen if message.end == end]
        for message in of_this_end:
            rabbitmq.publish(message, at)
        taken = rabbitmq.take(WORK_QUEUE, len(of_this_end), how) if of_this_end else []
        if len(taken) != len(of_this_end):
            raise LookupError(f"{len(taken)} of {len(of_this_end)} messages were {end}")
    for message in chosen:
        if message.end == "expired":
            rabbitmq.publish(message, at, lifetime=1)


def _write_configuration(home: Path, amqp: int, management: int, password: str) -> None:
    (home / "enabled_plugins").write_text("[rabbitmq_management].\n")
    configuration = home / "rabbitmq.conf"
    configuration.write_text(
        f"listeners.tcp.local = 127.0.0.1:{amqp}\n"
        f"management.tcp.ip = 127.0.0.1\nmanagement.tcp.port = {management}\n"
        f"default_user = {USER}\ndefault_pass = {password}\n"
        "collect_statistics_interval = 1000\n"
        "loopback_users = none\nlog.console = true\nlog.console.level = warning\n"
        # A full disk or a busy machine is no reason to refuse a few hundred small messages.
        "disk_free_limit.absolute = 10MB\n"
    )
    configuration.chmod(0o600)
    cookie = home / ".erlang.cookie"
    cookie.write_text(secrets.token_hex(16))
    cookie.chmod(0o400)


def _environment(home: Path, epmd: int) -> dict[str, str]:
    quiet = "+S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none"
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "ERL_EPMD_PORT": str(epmd),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODENAME": f"tieout-{os.getpid()}@localhost",
        "RABBITMQ_DIST_PORT": str(free_port()),
        "RABBITMQ_CONFIG_FILE": str(home / "rabbitmq.conf"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(home / "enabled_plugins"),
        "RABBITMQ_CONF_ENV_FILE": str(home / "none"),
        "RABBITMQ_MNESIA_BASE": str(home / "mnesia"),
        "RABBITMQ_LOG_BASE": str(home / "log"),
        "RABBITMQ_LOGS": "-",
        "RABBITMQ_PID_FILE": str(home / "pid"),
        "RABBITMQ_GENERATED_CONFIG_DIR": str(home / "generated"),
        "RABBITMQ_ADVANCED_CONFIG_FILE": str(home / "advanced.config"),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": (
            f"{quiet} -kernel inet_dist_use_interface {{127,0,0,1}}"
        ),
    }


@contextlib.contextmanager
def run_rabbitmq(folder: Path) -> Iterator[RabbitMQ]:
    """Run a broker below `folder` as long as the block lasts, its port mapper included."""
    home = folder / "rabbitmq"
    home.mkdir(mode=0o700)
    password = secrets.token_hex(16)
    management, epmd = free_port(), free_port()
    _write_configuration(home, free_port(), management, password)
    environment = _environment(home, epmd)
    # Started beforehand and by us: a port mapper that Erlang starts would outlive the broker.
    mapper: Command = [find_program("epmd"), "-address", "127.0.0.1", "-port", str(epmd)]
    broker: Command = [find_program("rabbitmq-server", PROGRAMS)]
    rabbitmq = RabbitMQ(f"http://127.0.0.1:{management}", password)
    with serve("epmd", mapper, folder / "epmd.log", environment) as port_mapper:
        port_mapper.wait_until(lambda: accepts(epmd), START_SECONDS)
        with serve("rabbitmq", broker, folder / "rabbitmq.log", environment) as server:
            server.wait_until(rabbitmq.answers, START_SECONDS)
            yield rabbitmq
