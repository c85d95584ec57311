"""What Slack's refusals mean: whether to try again, and why it failed.

Codes as listed under "Errors" of chat.postMessage and conversations.history on docs.slack.dev.
"""

import re
from collections.abc import Mapping

from slack_sdk.web import SlackResponse

from monitor.core.errors import Permanent, Reason, TieoutError, Transient

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
    Reason.NOT_FOUND: frozenset({"channel_not_found", "is_archived", "not_in_channel"}),
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

LONGEST_WAIT = 3_600.0
"""Seconds; no answer can silence a channel for longer."""

_TOO_MANY_REQUESTS = 429
_SERVER_ERRORS = range(500, 600)
_CODE = re.compile(r"[a-z0-9_]{1,60}")


def explain(answer: SlackResponse) -> TieoutError:
    """The typed error for an answer that is no success."""
    document = answer.data if isinstance(answer.data, dict) else {}
    code = str(document.get("error", ""))
    if answer.status_code == _TOO_MANY_REQUESTS or code in _TRANSIENT[Reason.THROTTLED]:
        return Transient(
            "Slack asks to slow down",
            reason=Reason.THROTTLED,
            retry_after=_read_retry_after(answer.headers),
        )
    if answer.status_code in _SERVER_ERRORS or code in _TRANSIENT[Reason.SERVER_ERROR]:
        return Transient("Slack failed by itself", reason=Reason.SERVER_ERROR)
    if not _CODE.fullmatch(code):
        return Transient("Slack's answer cannot be read", reason=Reason.MALFORMED)
    for reason, codes in _PERMANENT.items():
        if code in codes:
            return Permanent(f"Slack refused: {code}", reason=reason)
    return Permanent(f"Slack refused: {code}", reason=Reason.REFUSED)


def _read_retry_after(headers: Mapping[str, str]) -> float | None:
    """Whole seconds, the only form that Slack uses."""
    for name, value in headers.items():
        if name.lower() == "retry-after" and re.fullmatch(r"[0-9]{1,9}", value.strip()):
            return min(float(value), LONGEST_WAIT)
    return None
