"""Signatures: whether a request comes from Slack, and is not an old one said again.

As docs.slack.dev, "Verifying requests from Slack" has it; written here because the SDK's verifier
raises on a stamp that is no number, on a body that is no UTF-8 and on a signature that is not
ASCII, where nothing but a refusal may come.
"""

import hashlib
import hmac
import re
from datetime import datetime, timedelta

HOLDS = timedelta(minutes=5)
"""Slack's own bound on how old a request may be."""

_STAMP = re.compile(r"[0-9]{1,12}", re.ASCII)
_SIGNATURE = re.compile(r"v0=[0-9a-f]{64}", re.ASCII)


def is_from_slack(secret: str, stamp: str, body: bytes, signature: str, now: datetime) -> bool:
    """Whether the signature is that of this body at this time, and the time is near.

    Args:
        secret: the app's signing secret.
        stamp: header `X-Slack-Request-Timestamp`; empty where it is missing.
        body: as it came, byte for byte.
        signature: header `X-Slack-Signature`; empty where it is missing.
        now: the present.
    """
    if not _STAMP.fullmatch(stamp) or not _SIGNATURE.fullmatch(signature):
        return False
    if abs(int(stamp) - now.timestamp()) > HOLDS.total_seconds():
        return False
    signed = b"v0:" + stamp.encode() + b":" + body
    expected = "v0=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected, signature)
