"""A browser of one person: it keeps cookies, and fills in the forms that it was shown."""

import asyncio
import re
from dataclasses import dataclass, field
from typing import Any

import httpx
from fastapi import FastAPI

LOCAL = "http://127.0.0.1"


@dataclass
class Browser:
    """Asks the application in this process, as from an address.

    Attributes:
        application: whom it asks.
        site: start of its addresses.
        comes_from: where it seems to be.
        headers: that it, or a proxy on its way, sends with everything.
    """

    application: FastAPI
    site: str = LOCAL
    comes_from: str = "127.0.0.1"
    headers: dict[str, str] = field(default_factory=dict)
    cookies: httpx.Cookies = field(default_factory=httpx.Cookies)

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self._ask("GET", path, headers)

    def post(self, path: str, form: dict[str, str], **headers: str) -> httpx.Response:
        """Send a form as if some page of ours had shown it."""
        return self._ask("POST", path, {"Origin": self.site, **headers}, data=form)

    def send(self, path: str, body: bytes, kind: str) -> httpx.Response:
        """Send anything at all."""
        headers = {"Origin": self.site, "Content-Type": kind}
        return self._ask("POST", path, headers, content=body)

    def submit(self, page: httpx.Response, path: str, **filled: str) -> httpx.Response:
        """Send the form of a page that was shown, with its hidden fields."""
        hidden = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text)
        return self.post(path, {**dict(hidden), **filled})

    def log_in(self, name: str, password: str, to: str = "/") -> httpx.Response:
        page = self.get(f"/log-in?to={to}")
        return self.submit(page, "/log-in", name=name, password=password)

    def _ask(self, method: str, path: str, headers: dict[str, str], **sent: Any) -> httpx.Response:
        async def ask() -> httpx.Response:
            inside = httpx.ASGITransport(self.application, client=(self.comes_from, 50_000))
            async with httpx.AsyncClient(
                transport=inside, base_url=self.site, cookies=self.cookies
            ) as client:
                carried = {**self.headers, **headers}
                answer = await client.request(method, path, headers=carried, **sent)
                self.cookies = client.cookies
                return answer

        return asyncio.run(ask())
