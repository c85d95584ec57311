"""Whether the requests that write to a JSON API can do what they are for."""

from collections.abc import Iterator

from monitor.core.plugins import Misfit
from probes.engine.requests import FetchSettings
from probes.writing.checks import suggest, unknown_placeholders
from probes.writing.form import steps_of
from probes.writing.rest_settings import (
    CreateRequest,
    DeleteRequest,
    EtagPrecondition,
    RestWriting,
    TriggerRequest,
    UpdateRequest,
    VersionPrecondition,
    WriteRequest,
)
from probes.writing.settings import WritableStream, placeholders_in


def check_rest_writing(
    stream: WritableStream, writing: RestWriting, fetch: FetchSettings | None
) -> Iterator[Misfit]:
    """What does not fit in the requests of a stream.

    Args:
        stream: that is written.
        writing: how.
        fetch: how one of its records is read; None where it cannot be.
    """
    for _, request, place in writing.requests():
        at = ("write", *place)
        for problem in _check_placeholders(stream, request):
            yield Misfit(problem, *at)
        match request:
            case CreateRequest():
                yield from _check_create(stream, request)
            case UpdateRequest() | DeleteRequest():
                yield from _check_change(request, fetch, at)
        yield from _check_paths(request, at)


def _check_placeholders(stream: WritableStream, request: WriteRequest) -> Iterator[str]:
    known = {"idempotency_key"} if isinstance(request, CreateRequest) else {"idempotency_key", "id"}
    texts = [request.path, request.params]
    for name in unknown_placeholders(stream, texts, known):
        hint = suggest(name, {*known, *stream.defines, *stream.refers})
        yield f"nothing stands for '{{{name}}}' here{hint}"


def _check_create(stream: WritableStream, request: CreateRequest) -> Iterator[Misfit]:
    if not stream.findable:
        yield Misfit(
            "a stream in which records are created needs a 'lookup' by key: else nobody can tell"
            " whether a record exists",
            "write",
            "create",
        )
    if (
        request.method == "PUT"
        and request.idempotency is None
        and not placeholders_in(request.path)
    ):
        yield Misfit(
            "a PUT creates the record that its path names, and this path names none",
            "write",
            "create",
        )


def _check_change(
    request: UpdateRequest | DeleteRequest, fetch: FetchSettings | None, at: tuple[str, ...]
) -> Iterator[Misfit]:
    if fetch is None:
        yield Misfit("records that are changed must be readable by id: 'fetch' is missing", *at)
        return
    constants = request.constants if isinstance(request, UpdateRequest) else {}
    if not placeholders_in([request.path, request.params, constants]):
        yield Misfit("the request does not say which record it means: '{id}' is missing", *at)
    precondition = request.precondition
    is_in_header = isinstance(precondition, EtagPrecondition) and precondition.field is None
    if is_in_header and not fetch.mentions("id"):
        yield Misfit(
            "an ETag belongs to one record, but 'fetch' reads lists; give its 'field'", *at
        )
    if isinstance(precondition, VersionPrecondition) and precondition.place == "body":
        yield from _check_path(precondition.name or precondition.field, (*at, "precondition"))


def _check_paths(request: WriteRequest, at: tuple[str, ...]) -> Iterator[Misfit]:
    constants = request.constants if isinstance(request, CreateRequest | UpdateRequest) else {}
    for path in constants:
        yield from _check_path(path, (*at, "constants"))
    idempotency = request.idempotency
    if idempotency is not None and idempotency.field is not None:
        yield from _check_path(idempotency.field, (*at, "idempotency", "field"))
        if isinstance(request, TriggerRequest) and not isinstance(request.body, dict | None):
            yield Misfit("the body is no object, so it has no 'field'", *at, "idempotency")


def _check_path(path: str, at: tuple[str, ...]) -> Iterator[Misfit]:
    try:
        steps_of(path)
    except ValueError as error:
        yield Misfit(str(error), *at)
