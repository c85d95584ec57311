"""The gate: who asks, by what a request carries."""

from functools import partial

import structlog
from fastapi import Request

from monitor.accounts.recognising import (
    Recognised,
    note_seen,
    recognise_session,
    recognise_token,
)
from monitor.accounts.secrets import form_token_of
from monitor.core.errors import TieoutError
from monitor.scheduler import Daemon
from monitor.web.asking import READING, Asker
from monitor.web.protection import is_on_machine

log = structlog.get_logger(__name__)


class Gate:
    """Finds out who asks; safe to use from several threads."""

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon

    def who(self, request: Request) -> Asker:
        """Whoever asks: by a token that a program sends, else by a browser's session.

        Raises:
            Transient, Permanent: the store failed, and nobody is let in.
        """
        here = is_on_machine(request)
        people, database = self._daemon.estate.people, self._daemon.runtime.database
        if not people:
            return Asker(permissions=READING if here else frozenset(), is_on_machine=here)
        now = self._daemon.runtime.clock()
        nobody = Asker(is_on_machine=here, can_log_in=True)
        authorization = request.headers.get("authorization")
        if authorization is not None:
            scheme, _, token = authorization.partition(" ")
            known = scheme.lower() == "bearer" and recognise_token(
                database, people, token.strip(), now
            )
            return self._asker(known, here, "") if known else nobody
        cookie = request.cookies.get(cookie_name(request), "")
        found = recognise_session(database, people, cookie, now) if cookie else None
        return nobody if found is None else self._asker(found, here, form_token_of(cookie))

    def _asker(self, known: Recognised, here: bool, form_token: str) -> Asker:
        now = self._daemon.runtime.clock()
        return Asker(
            known.person,
            known.permissions,
            form_token,
            is_on_machine=here,
            can_log_in=True,
            by=known.by,
            to_note=partial(self._note, known) if known.is_to_note(now) else None,
        )

    def _note(self, known: Recognised) -> None:
        try:
            note_seen(self._daemon.runtime.database, known, self._daemon.runtime.clock())
        except TieoutError as error:
            log.warning("who was seen cannot be noted", reason=error.reason.value)


def cookie_name(request: Request) -> str:
    """Of the cookie that holds a session.

    Browsers take one whose name begins so over https alone, and for this host alone (RFC 6265bis,
    section 4.1.3.2). On the machine itself there is no https.
    """
    return "tieout" if is_on_machine(request) else "__Host-tieout"
