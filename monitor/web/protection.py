"""Protection: what every answer carries, and whose name a request may call us by."""

from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from fastapi import FastAPI, Request, Response
from fastapi.responses import PlainTextResponse
from starlette.middleware.trustedhost import TrustedHostMiddleware

from monitor.core.errors import TieoutError

_LOOPBACK = ("127.0.0.1", "localhost", "[::1]", "::1")


def protect_application(application: FastAPI, address: str) -> None:
    """Answer to our own names alone, and forbid browsers whatever the pages do not need.

    Args:
        application: to protect.
        address: where people reach it; empty where it is loopback alone.
    """
    # A name that somebody else made point here must not read the pages in a visitor's browser.
    public = urlsplit(address).hostname
    hosts = [*_LOOPBACK, public] if public else list(_LOOPBACK)
    application.add_middleware(TrustedHostMiddleware, allowed_hosts=hosts, www_redirect=False)

    @application.middleware("http")
    async def protect(
        request: Request, answer: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        """Nothing from elsewhere runs or is framed here, and nothing is kept."""
        if "\0" in request.scope["path"] or b"%00" in request.scope["query_string"]:
            # No key has it, and one of the stores refuses it wherever it stands.
            return PlainTextResponse("an address holds no NUL\n", status_code=400)
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
