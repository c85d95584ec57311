"""Forms that browsers send: read within bounds, and taken from our own pages alone."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qs

from fastapi import HTTPException, Request

MOST_BYTES: Final = 256 << 10
"""Of whatever is sent; a thousand breaks in one form take a quarter of it."""
MOST_FIELDS: Final = 2_000
FORM_TOKEN: Final = "form_token"  # noqa: S105 - the field's name
_FORM: Final = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Form:
    """What somebody filled in."""

    fields: Mapping[str, list[str]] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """What a field holds, without the blanks around it; empty where there is none."""
        return self.fields.get(name, [""])[-1].strip()

    def texts(self, name: str) -> list[str]:
        """Everything that was chosen under one name, in the page's order."""
        return list(self.fields.get(name, ()))

    def exactly(self, name: str) -> str:
        """What a field holds, blanks included, as passwords have them."""
        return self.fields.get(name, [""])[-1]


def is_form(request: Request) -> bool:
    """Whether it is sent as a browser sends a form."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower() == _FORM


async def read_form(request: Request) -> Form:
    """What was sent.

    Raises:
        HTTPException: it is no form, or it cannot be read as one.
    """
    if not is_form(request):
        raise HTTPException(415, "a form is sent as application/x-www-form-urlencoded")
    body = await request.body()
    try:
        text = body.decode("ascii")
        fields = parse_qs(text, keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
    except ValueError:
        raise HTTPException(400, "the form cannot be read") from None
    if any("\0" in value for values in fields.values() for value in values):
        raise HTTPException(400, "a form holds no NUL")
    return Form(fields)


def is_own(form: Form, form_token: str) -> bool:
    """Whether a form comes from a page that we showed to whoever sends it (OWASP, CSRF)."""
    given = form.text(FORM_TOKEN)
    return hmac.compare_digest(given.encode(), form_token.encode())


def form_of(request: Request) -> Form:
    """What was filled in, as the guard of the route has read it.

    Raises:
        HTTPException: no form was sent.
    """
    sent: Form | None = getattr(request.state, "form", None)
    if sent is None:
        raise HTTPException(415, "a form is sent as application/x-www-form-urlencoded")
    return sent
