"""Lets a client library that knows only its vendor's addresses reach a stand-in on loopback.

The library stays as it is: its own session gets an adapter that carries every request there.
"""

from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter


class Loopback(HTTPAdapter):
    """Carries requests for any host to one address."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self._address = address.rstrip("/")

    def send(self, request: Any, *args: Any, **options: Any) -> Any:
        parts = urlsplit(request.url)
        query = f"?{parts.query}" if parts.query else ""
        request.url = f"{self._address}{parts.path}{query}"
        return super().send(request, *args, **options)


def session_to(address: str) -> requests.Session:
    """A session of which every request ends at an address."""
    session = requests.Session()
    session.trust_env = False
    session.mount("https://", Loopback(address))
    return session
