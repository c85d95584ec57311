"""Protection: by which ways the application answers, and what every answer carries."""

import re
from collections.abc import Awaitable, Callable
from ipaddress import ip_address
from urllib.parse import urlsplit

from fastapi import FastAPI, Request, Response
from fastapi.responses import PlainTextResponse
from starlette.datastructures import Headers
from starlette.middleware.trustedhost import TrustedHostMiddleware

from monitor.core.errors import TieoutError

_LOOPBACK = ("127.0.0.1", "localhost", "[::1]", "::1")
SIGNED = "/slack"
"""Whoever asks for it must sign: its route refuses everybody else."""
OPEN_TO_ALL = (SIGNED, "/-/healthy")
"""What is answered under the public name even where nobody can log in."""
_CARRIED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip")
"""Headers that proxies add: RFC 7239, and the older ones that it replaces."""
_UNSAFE_FORWARDED = re.compile(r'proto="?http"?\s*(?:[;,]|$)', re.IGNORECASE)
_OWN = ("same-origin", "none")
"""`Sec-Fetch-Site` of our own pages, and of an address that a person typed (W3C Fetch Metadata)."""
_SAFE = ("GET", "HEAD")


def protect_application(
    application: FastAPI, address: str, has_people: Callable[[], bool] = lambda: False
) -> None:
    """Answer to our own names alone, and forbid browsers whatever the pages do not need.

    Args:
        application: to protect.
        address: where people reach it; empty where it is loopback alone.
        has_people: whether the landscape names people now, who could log in.
    """
    # A name that somebody else made point here must not read the pages in a visitor's browser.
    public = urlsplit(address)
    hosts = [*_LOOPBACK, public.hostname] if public.hostname else list(_LOOPBACK)
    is_https = public.scheme == "https"

    @application.middleware("http")
    async def protect(
        request: Request, answer: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        """Nothing from elsewhere runs or is framed here, and nothing is kept."""
        if "\0" in request.scope["path"] or b"%00" in request.scope["query_string"]:
            # No key has it, and one of the stores refuses it wherever it stands.
            return PlainTextResponse("an address holds no NUL\n", status_code=400)
        refused = refuse(request, has_people=has_people(), is_https=is_https)
        if refused is not None:
            return PlainTextResponse(f"{refused}\n", status_code=403)
        response: Response = await answer(request)
        response.headers["Content-Security-Policy"] = (
            "default-src 'none'; style-src 'self'; img-src 'self' data:; "
            "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
        )
        response.headers["X-Content-Type-Options"] = "nosniff"
        # With `no-referrer` browsers would name no origin with our own forms either (Fetch
        # standard, "append a request Origin header").
        response.headers["Referrer-Policy"] = "same-origin"
        response.headers["Cache-Control"] = "no-store"
        if is_https and not is_on_machine(request):
            response.headers["Strict-Transport-Security"] = "max-age=31536000"
        return response

    @application.exception_handler(TieoutError)
    def unavailable(_request: Request, error: TieoutError) -> PlainTextResponse:
        """The store failed: nothing is known, which is not the same as nothing."""
        return PlainTextResponse(f"not available: {error}\n", status_code=503)

    # Added last, so that it stands first: a foreign name gets no further.
    application.add_middleware(TrustedHostMiddleware, allowed_hosts=hosts, www_redirect=False)


def refuse(request: Request, *, has_people: bool, is_https: bool) -> str | None:
    """Why a request is answered to nobody; None if whoever may is answered.

    Whoever reaches the machine itself may at least say who they are. Whoever comes by another
    name, or through a proxy, could be anybody: only where people can log in, and nobody between
    can read along, is there more to them than what is signed. What changes something is never
    taken from a page of somebody else's.
    """
    headers = request.headers
    if request.scope["path"] in OPEN_TO_ALL:
        return None
    if not is_on_machine(request):
        if not has_people:
            return "this is answered on the machine itself alone"
        if not is_https or _came_in_the_clear(headers):
            return "this is answered over https alone"
    if request.method not in _SAFE and is_from_elsewhere(headers):
        return "a page of somebody else's may change nothing here"
    return None


def is_on_machine(request: Request) -> bool:
    """Whether it came from this machine itself, by a name of its own, and through no proxy."""
    headers, client = request.headers, request.client
    if client is None or any(name in headers for name in _CARRIED):
        return False
    is_own_name = urlsplit(f"//{headers.get('host', '')}").hostname in _LOOPBACK
    return is_own_name and _is_loopback(client.host)


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


def _came_in_the_clear(headers: Headers) -> bool:
    """Whether a proxy says that it was asked without encryption."""
    schemes = headers.get("x-forwarded-proto", "https").split(",")
    if any(each.strip().lower() != "https" for each in schemes):
        return True
    return _UNSAFE_FORWARDED.search(headers.get("forwarded", "")) is not None


def is_from_elsewhere(headers: Headers) -> bool:
    """Whether a browser says that another site's page sent this; programs say nothing."""
    if headers.get("sec-fetch-site", "none") not in _OWN:
        return True
    origin = headers.get("origin")
    return origin is not None and urlsplit(origin).netloc != headers.get("host")
