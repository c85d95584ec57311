"""The desk: what came in is done in its turn, and answered to whoever said it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import BoundedSemaphore
from urllib.parse import urlsplit

import structlog

from alerts.slack import SlackChannel
from monitor.answering.answering import answer
from monitor.core.answers import Click, Form, Said
from monitor.core.clock import TimeLimit
from monitor.core.errors import TieoutError
from monitor.estate import Estate
from monitor.jobs import Runtime
from monitor.transport import Transport

log = structlog.get_logger(__name__)

WAITING = 32
"""What may wait; whoever comes when it is full is told so."""

BUSY = "tieout has too much to do at the moment. Please try again."
_PATIENCE = timedelta(seconds=10)
_ANSWER_BYTES = 64 << 10


class AnsweringDesk:
    """Does what people say, one after another; safe to use from several threads."""

    def __init__(
        self,
        estate: Callable[[], Estate],
        runtime: Runtime,
        reply_origin: str = "https://hooks.slack.com",
    ) -> None:
        """Nothing waits yet.

        Args:
            estate: as the landscape has it at that moment.
            runtime: store and clock.
            reply_origin: the only origin to which answers are sent.
        """
        self._estate = estate
        self._runtime = runtime
        self.reply_origin = reply_origin
        self._room = BoundedSemaphore(WAITING)
        self._workers = ThreadPoolExecutor(1, thread_name_prefix="answering")

    def take(self, said: Said) -> bool:
        """Do it in its turn; whether there was room for it."""
        if not self._room.acquire(blocking=False):
            log.warning("too much was said at once", waiting=WAITING)
            return False
        self._workers.submit(self._work, said)
        return True

    def close(self) -> None:
        """Take nothing more; what is being done is finished."""
        self._workers.shutdown(wait=True, cancel_futures=True)

    def _work(self, said: Said) -> None:
        try:
            estate = self._estate()
            told = answer(estate, self._runtime.database, said, self._runtime.clock)
            if told:
                self._reply(said, told, estate)
        except TieoutError as error:
            log.error("what was said cannot be answered", reason=error.reason.value)
        except Exception as error:  # noqa: BLE001 - the edge of a job: the next one goes on
            log.error("what was said cannot be answered", reason=type(error).__name__)
        finally:
            self._room.release()

    def _reply(self, said: Said, told: str | Form, estate: Estate) -> None:
        channel = estate.channels.get(said.channel)
        if isinstance(told, Form):
            if isinstance(channel, SlackChannel) and isinstance(said, Click):
                channel.show_form(said.trigger, told)
        elif said.reply_to:
            self._post(said.reply_to, told)
        elif isinstance(channel, SlackChannel):
            channel.whisper(said.member, told)

    def _post(self, address: str, text: str) -> None:
        """Tell them alone; an address elsewhere than at Slack gets nothing."""
        parts = urlsplit(address)
        if f"{parts.scheme}://{parts.netloc}" != self.reply_origin:
            return
        transport = Transport(self.reply_origin, connections=1, max_bytes=_ANSWER_BYTES)
        try:
            transport.request(
                "POST",
                parts.path,
                json={"response_type": "ephemeral", "replace_original": False, "text": text},
                time_limit=TimeLimit.of(_PATIENCE),
            )
        finally:
            transport.close()
