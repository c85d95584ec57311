"""The web application asked in this process, without a port."""

import asyncio
from collections.abc import Sequence

import httpx
from fastapi import FastAPI

Asked = tuple[str, str]
"""Method and path."""


def ask_all(
    application: FastAPI, asked: Sequence[Asked], headers: dict[str, str] | None = None
) -> list[httpx.Response]:
    """What it answers to each, one after another."""

    async def ask() -> list[httpx.Response]:
        inside = httpx.ASGITransport(application, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=inside, base_url="http://127.0.0.1") as client:
            return [await client.request(method, path, headers=headers) for method, path in asked]

    return asyncio.run(ask())
