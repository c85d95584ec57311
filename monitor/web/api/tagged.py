"""Answers that are sent only if they are not known already (RFC 9110, section 8.8.3)."""

import hashlib
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

_OK, _NOT_MODIFIED = 200, 304

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class TaggedRoute(APIRoute):
    """A route whose answers carry a tag of their content; who has it already is told so."""

    def get_route_handler(self) -> Handler:
        """The route's own handler, its answer tagged."""
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            response = await handle(request)
            if response.status_code != _OK:
                return response
            tag = f'"{hashlib.sha256(response.body).hexdigest()[:32]}"'
            if is_known(tag, request.headers.get("if-none-match", "")):
                return Response(status_code=_NOT_MODIFIED, headers={"ETag": tag})
            response.headers["ETag"] = tag
            return response

        return answer


def is_known(tag: str, known: str) -> bool:
    """Whether a tag is among those that an `If-None-Match` names, compared weakly."""
    names = {each.strip().removeprefix("W/") for each in known.split(",")}
    return tag in names or "*" in names
