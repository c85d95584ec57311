"""What Slack's refusals mean: whether to try again, and why it failed.

Codes as listed under "Errors" of chat.postMessage and conversations.history on docs.slack.dev.
"""

import re
from collections.abc import Mapping
from datetime import datetime

from alerts.answers import read_retry_after
from monitor.core.errors import Permanent, Reason, TieoutError, Transient
from monitor.transport import Response

_PERMANENT: Mapping[Reason, frozenset[str]] = {
    Reason.CREDENTIALS: frozenset(
        {
            "access_denied",
            "account_inactive",
            "ekm_access_denied",
            "invalid_auth",
            "no_permission",
            "not_allowed_token_type",
            "not_authed",
            "org_login_required",
            "team_access_not_granted",
            "token_expired",
            "token_revoked",
        }
    ),
    Reason.UNSUPPORTED: frozenset({"missing_scope"}),
    Reason.NOT_FOUND: frozenset(
        {
            "cant_update_message",
            "channel_not_found",
            "edit_window_closed",
            "is_archived",
            "message_not_found",
            "not_in_channel",
            "thread_not_found",
        }
    ),
    Reason.TOO_LARGE: frozenset({"msg_blocks_too_long", "msg_too_long"}),
}

_TRANSIENT: Mapping[Reason, frozenset[str]] = {
    Reason.THROTTLED: frozenset({"message_limit_exceeded", "rate_limited", "ratelimited"}),
    Reason.SERVER_ERROR: frozenset(
        {
            "fatal_error",
            "internal_error",
            "request_timeout",
            "service_unavailable",
            "team_added_to_org",
        }
    ),
}

_OK = 200
_TOO_MANY_REQUESTS = 429
_REDIRECTS = range(300, 400)
_SERVER_ERRORS = range(500, 600)
_CODE = re.compile(r"[a-z0-9_]{1,60}")


def explain(answer: Response, now: datetime) -> TieoutError | None:
    """The typed error for an answer that is no success; None for a success."""
    document = _read(answer)
    if answer.status == _OK and document.get("ok") is True:
        return None
    code = str(document.get("error", ""))
    return _passing(answer, code, now) or _lasting(answer, code)


def _passing(answer: Response, code: str, now: datetime) -> Transient | None:
    if answer.status == _TOO_MANY_REQUESTS or code in _TRANSIENT[Reason.THROTTLED]:
        wait = read_retry_after(answer, now)
        return Transient("Slack asks to slow down", reason=Reason.THROTTLED, retry_after=wait)
    if answer.status in _SERVER_ERRORS or code in _TRANSIENT[Reason.SERVER_ERROR]:
        return Transient("Slack failed by itself", reason=Reason.SERVER_ERROR)
    if answer.status not in _REDIRECTS and not _CODE.fullmatch(code):
        return Transient("Slack's answer cannot be read", reason=Reason.MALFORMED)
    return None


def _lasting(answer: Response, code: str) -> Permanent:
    if answer.status in _REDIRECTS:
        return Permanent("Slack points elsewhere, which is not followed", reason=Reason.REFUSED)
    reasons = (reason for reason, codes in _PERMANENT.items() if code in codes)
    return Permanent(f"Slack refused: {code}", reason=next(reasons, Reason.REFUSED))


def _read(answer: Response) -> Mapping[str, object]:
    """The document; empty where the body is none, as a proxy's page is."""
    try:
        document = answer.json()
    except TieoutError:
        return {}
    return document if isinstance(document, dict) else {}
