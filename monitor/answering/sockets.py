"""Socket Mode: connections to Slack that tieout opens itself, so that no port is open to anybody.

Each envelope is acknowledged at once (Slack waits three seconds), and done in its turn. See
docs.slack.dev, "Using Socket Mode".
"""

import logging
from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import Any, Final
from urllib.parse import urlsplit

import structlog
from slack_sdk.socket_mode.builtin import SocketModeClient
from slack_sdk.socket_mode.client import BaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

from alerts.slack import SlackChannel, SlackSettings
from alerts.slack_inbound import read_command, read_interaction
from monitor.answering.desk import BUSY, AnsweringDesk
from monitor.core.answers import Command, Said
from monitor.core.clock import TimeLimit
from monitor.core.errors import Permanent, Reason, TieoutError, Transient
from monitor.estate import Estate
from monitor.transport import Transport

log = structlog.get_logger(__name__)

_PATIENCE = timedelta(seconds=10)
_ANSWER_BYTES = 64 << 10

_SILENT: Final = logging.getLogger("tieout.socket-mode")
"""The SDK's own words may repeat addresses and bodies that are secrets."""
_SILENT.addHandler(logging.NullHandler())
_SILENT.propagate = False
_SILENT.setLevel(logging.CRITICAL + 1)


class _Client(SocketModeClient):
    """The SDK's client; only its address is asked for through our transport."""

    def __init__(self, settings: SlackSettings, token: str, ping_every: float) -> None:
        self._settings = settings
        super().__init__(app_token=token, logger=_SILENT, concurrency=2, ping_interval=ping_every)

    def issue_new_wss_url(self) -> str:
        """Where Slack listens for us.

        Raises:
            Transient, Permanent: it does not say.
        """
        transport = Transport(
            str(self._settings.base_url),
            headers={"Authorization": f"Bearer {self.app_token}"},
            connections=1,
            max_bytes=_ANSWER_BYTES,
        )
        try:
            answer = transport.request(
                "POST", "apps.connections.open", form={}, time_limit=TimeLimit.of(_PATIENCE)
            ).json()
        finally:
            transport.close()
        address = answer.get("url") if isinstance(answer, Mapping) else None
        if not isinstance(address, str):
            raise Permanent("Slack refuses the app-level token", reason=Reason.CREDENTIALS)
        is_plain = self._settings.base_url.scheme == "http"
        if urlsplit(address).scheme != ("ws" if is_plain else "wss"):
            raise Transient("Slack's answer cannot be used", reason=Reason.MALFORMED)
        return address


class SocketDoors:
    """The connections that a landscape asks for, one for each app-level token."""

    def __init__(self, desk: AnsweringDesk, ping_every: float = 5.0) -> None:
        """Nothing is open yet.

        Args:
            desk: takes what is said.
            ping_every: seconds between two looks at a connection; one that has not answered four
                of them is made anew.
        """
        self._desk = desk
        self._ping_every = ping_every
        self._open: dict[str, _Client] = {}

    def follow(self, estate: Estate) -> None:
        """Open what the landscape asks for and is not open; close what it does not ask for.

        Where Slack cannot be reached, the next time tries again.
        """
        wanted = wanted_doors(estate)
        for token in self._open.keys() - wanted.keys():
            self._open.pop(token).close()
        for token, name in wanted.items():
            known = self._open.get(token)
            if known is None or not known.is_connected():
                self._connect(token, name, estate, known)

    def is_connected(self) -> bool:
        """Whether every connection stands."""
        return all(client.is_connected() for client in self._open.values())

    def close(self) -> None:
        """Let go of all of them."""
        for client in self._open.values():
            client.close()
        self._open = {}

    def _connect(self, token: str, name: str, estate: Estate, known: _Client | None) -> None:
        client = known
        if client is None:
            channel = estate.channels[name]
            assert isinstance(channel, SlackChannel)  # noqa: S101 - as it was found
            client = _Client(channel.settings, token, self._ping_every)
            client.socket_mode_request_listeners.append(partial(self._hear, name))
            self._open[token] = client
        try:
            client.wss_uri = None
            client.connect()
        except TieoutError as error:
            log.warning("Slack's commands and buttons cannot be heard", reason=error.reason.value)
        except Exception as error:  # noqa: BLE001 - the SDK raises what its sockets raise
            log.warning("Slack's commands and buttons cannot be heard", reason=type(error).__name__)

    def _hear(self, name: str, client: BaseSocketModeClient, request: SocketModeRequest) -> None:
        said = read_envelope(request.type, request.payload, name)
        taken = said is None or self._desk.take(said)
        answer = SocketModeResponse(envelope_id=request.envelope_id)
        if not taken and isinstance(said, Command):
            answer = SocketModeResponse(envelope_id=request.envelope_id, payload={"text": BUSY})
        client.send_socket_mode_response(answer)


def wanted_doors(estate: Estate) -> dict[str, str]:
    """By app-level token, the first channel that has it."""
    wanted: dict[str, str] = {}
    for name, each in estate.channels.items():
        if isinstance(each, SlackChannel) and each.settings.app_token is not None:
            wanted.setdefault(each.settings.app_token.get_secret_value(), name)
    return wanted


def read_envelope(kind: str, payload: Mapping[str, Any], channel: str) -> Said | None:
    """What somebody said; None where it is nothing that tieout answers."""
    match kind:
        case "interactive":
            return read_interaction(payload, channel)
        case "slash_commands":
            form = {str(key): str(value) for key, value in payload.items()}
            return read_command(form, channel)
        case _:
            return None
