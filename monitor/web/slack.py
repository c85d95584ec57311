"""Slack over HTTP: taken where it is signed, near in time and new; else 401 and nothing else."""

from urllib.parse import parse_qs

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse

from alerts.slack import SlackChannel
from alerts.slack_inbound import read_command, read_interaction
from monitor.answering.desk import BUSY
from monitor.answering.signatures import is_from_slack
from monitor.core.answers import Command, Said
from monitor.estate import Estate
from monitor.scheduler import Daemon
from monitor.store.answered import take_once

MOST_BYTES = 64 << 10
"""Slack's own requests are much smaller."""


def slack_routes(daemon: Daemon) -> APIRouter:
    """The one route that Slack's app is told."""
    routes = APIRouter()

    @routes.post("/slack")
    async def hear(request: Request) -> Response:
        """A button or a command; who is not Slack learns nothing."""
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > MOST_BYTES:
                return Response(status_code=401)
        stamp = request.headers.get("x-slack-request-timestamp", "")
        signature = request.headers.get("x-slack-signature", "")
        return await run_in_threadpool(_take, daemon, body, stamp, signature)

    return routes


def _take(daemon: Daemon, body: bytes, stamp: str, signature: str) -> Response:
    now = daemon.runtime.clock()
    secrets = signing_secrets(daemon.estate)
    signers = [n for n, key in secrets.items() if is_from_slack(key, stamp, body, signature, now)]
    if not signers:
        return Response(status_code=401)
    with daemon.runtime.database.write() as connection:
        if not take_once(connection, f"signature {signature}", now):
            return Response(status_code=401)
    said = read_body(body, signers[0])
    if said is not None and not daemon.answering.take(said) and isinstance(said, Command):
        return JSONResponse({"response_type": "ephemeral", "text": BUSY})
    return Response(status_code=200)


def signing_secrets(estate: Estate) -> dict[str, str]:
    """By channel, the secret with which its app signs."""
    return {
        name: each.settings.signing_secret.get_secret_value()
        for name, each in estate.channels.items()
        if isinstance(each, SlackChannel) and each.settings.signing_secret is not None
    }


def read_body(body: bytes, channel: str) -> Said | None:
    """What somebody said; None where it is nothing that tieout answers."""
    try:
        form = {name: values[-1] for name, values in parse_qs(body.decode()).items()}
    except UnicodeDecodeError:
        return None
    if "payload" in form:
        return read_interaction(form["payload"].encode(), channel)
    return read_command(form, channel)
