"""Protection: whom the application answers, and what every answer carries."""

from collections.abc import Awaitable, Callable
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
"""What is answered under the public name, where nobody can log in yet."""
_CARRIED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip")
"""Headers that proxies add: RFC 7239, and the older ones that it replaces."""
_OWN = ("same-origin", "none")
"""`Sec-Fetch-Site` of our own pages, and of an address that a person typed (W3C Fetch Metadata)."""


def protect_application(application: FastAPI, address: str) -> None:
    """Answer to our own names alone, and forbid browsers whatever the pages do not need.

    Args:
        application: to protect.
        address: where people reach it; empty where it is loopback alone.
    """
    # A name that somebody else made point here must not read the pages in a visitor's browser.
    public = urlsplit(address).hostname
    hosts = [*_LOOPBACK, public] if public else list(_LOOPBACK)

    @application.middleware("http")
    async def protect(
        request: Request, answer: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        """Nothing from elsewhere runs or is framed here, and nothing is kept."""
        path = request.scope["path"]
        if "\0" in path or b"%00" in request.scope["query_string"]:
            # No key has it, and one of the stores refuses it wherever it stands.
            return PlainTextResponse("an address holds no NUL\n", status_code=400)
        refused = refuse(request.method, path, request.headers)
        if refused is not None:
            return PlainTextResponse(f"{refused}\n", status_code=403)
        response: Response = await answer(request)
        response.headers["Content-Security-Policy"] = (
            "default-src 'none'; style-src 'self'; img-src 'self' data:; "
            "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
        )
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["Cache-Control"] = "no-store"
        return response

    @application.exception_handler(TieoutError)
    def unavailable(_request: Request, error: TieoutError) -> PlainTextResponse:
        """The store failed: nothing is known, which is not the same as nothing."""
        return PlainTextResponse(f"not available: {error}\n", status_code=503)

    # Added last, so that it stands first: a foreign name gets no further.
    application.add_middleware(TrustedHostMiddleware, allowed_hosts=hosts, www_redirect=False)


def refuse(method: str, path: str, headers: Headers) -> str | None:
    """Why a request is not answered; None if it is.

    Whoever reaches the machine itself may read. Whoever comes by another name, or through a
    proxy, could be anybody: to them only what is signed is open. What changes something is
    never taken from a page of somebody else's, which a browser on this machine may have open.
    """
    if path in OPEN_TO_ALL:
        return None
    if not is_on_machine(headers):
        return "this is answered on the machine itself alone"
    if method not in ("GET", "HEAD") and _is_from_elsewhere(headers):
        return "a page of somebody else's may change nothing here"
    return None


def is_on_machine(headers: Headers) -> bool:
    """Whether a request came by a name of this machine itself, and through no proxy."""
    if any(name in headers for name in _CARRIED):
        return False
    return urlsplit(f"//{headers.get('host', '')}").hostname in _LOOPBACK


def _is_from_elsewhere(headers: Headers) -> bool:
    """Whether a browser says that another site's page sent this; programs say nothing."""
    if headers.get("sec-fetch-site", "none") not in _OWN:
        return True
    origin = headers.get("origin")
    return origin is not None and urlsplit(origin).netloc != headers.get("host")
