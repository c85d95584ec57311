"""A write as the one HTTP request that makes it, and what its answer says."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

import msgspec

from monitor.core.errors import Permanent, Reason, TieoutError, Transient
from monitor.core.strict_json import parse_json
from monitor.core.writing import Operation, Write
from monitor.response import Response
from probes.engine.caller import Call
from probes.engine.requests import Style, fill_body, fill_path, fill_text
from probes.engine.selector import value_at
from probes.writing.form import Form, Places, laid_over, placeholders
from probes.writing.rest_settings import (
    CreateRequest,
    DeleteRequest,
    EtagPrecondition,
    NoPrecondition,
    RestWriting,
    TriggerRequest,
    UpdateRequest,
    VersionPrecondition,
    WriteRequest,
)
from probes.writing.target import unable

_JSON: Final = msgspec.json.Encoder(decimal_format="number")
_STYLE: Final = Style()


def represent(value: Any) -> Any:
    """A value as JSON has it: instants in UTC, dates as ISO 8601."""
    match value:
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case _:
            return value


def request_of(writing: RestWriting, write: Write) -> WriteRequest:
    """The request that the landscape declares for a write.

    Raises:
        Permanent: it declares none.
    """
    requests: Mapping[Operation, WriteRequest | None] = {
        Operation.CREATE: writing.create,
        Operation.UPDATE: writing.update,
        Operation.DELETE: writing.delete,
        Operation.TRIGGER: writing.triggers.get(write.trigger),
    }
    request = requests.get(write.operation)
    if request is None:
        raise unable(f"the landscape declares no {write.operation} of this stream")
    return request


def creation(form: Form, request: CreateRequest, write: Write, key: str) -> Call:
    """The request that creates a record.

    Raises:
        Permanent: a value cannot be written, or the record would not be found by its keys.
    """
    values = placeholders(write, key)
    places: Places = {
        **form.key_places(write),
        **form.places(write),
        **fill_body(request.constants, values, _STYLE),
    }
    document = laid_over({}, places)
    form.require_keys(write, document, places)
    return _call(request, values, key, document)


def change(
    form: Form, request: UpdateRequest, write: Write, key: str, *, token: str, row: Any
) -> Call:
    """The request that changes fields of a record.

    Args:
        form: of the stream's writes.
        request: as the landscape declares it.
        write: which values.
        key: the idempotency key.
        token: what the system calls the state that was seen.
        row: the record as the system has it, where it is to be sent back whole.

    Raises:
        Permanent: a value cannot be written, or the state has no name.
    """
    values = placeholders(write, key)
    places = {**form.places(write), **fill_body(request.constants, values, _STYLE)}
    whole = row if request.sends == "whole" and isinstance(row, Mapping) else {}
    return _conditional(request, values, key, token, laid_over(whole, places))


def deletion(request: DeleteRequest, write: Write, key: str, *, token: str) -> Call:
    """The request that deletes a record; raises as `change`."""
    return _conditional(request, placeholders(write, key), key, token, None)


def triggering(request: TriggerRequest, write: Write, key: str) -> Call:
    """The request that starts a flow again."""
    values = placeholders(write, key)
    return _call(request, values, key, fill_body(request.body, values, _STYLE))


def _conditional(
    request: UpdateRequest | DeleteRequest,
    values: Mapping[str, str],
    key: str,
    token: str,
    document: Any,
) -> Call:
    """A request that the system refuses when the record has changed."""
    precondition = request.precondition
    if isinstance(precondition, NoPrecondition):
        return _call(request, values, key, document)
    if not token:
        raise Permanent(
            "the system did not name the state of the record, so it cannot compare",
            reason=Reason.SCHEMA,
        )
    if isinstance(precondition, EtagPrecondition):
        call = _call(request, values, key, document)
        return replace(call, headers={**call.headers, "If-Match": token})
    version = parse_json(token)
    name = precondition.name or precondition.field
    if precondition.place == "body":
        return _call(request, values, key, laid_over(document or {}, {name: version}))
    call = _call(request, values, key, document)
    if precondition.place == "query":
        return replace(call, params=(*call.params, (name, str(version))))
    return replace(call, headers={**call.headers, name: str(version)})


def _call(request: WriteRequest, values: Mapping[str, str], key: str, document: Any) -> Call:
    params = [(name, fill_text(each, values, _STYLE)) for name, each in request.params.items()]
    headers = dict(request.headers)
    idempotency = request.idempotency
    if idempotency is not None and idempotency.header is not None:
        headers[idempotency.header] = key
    if idempotency is not None and idempotency.field is not None:
        document = laid_over(document or {}, {idempotency.field: key})
    content = None
    if document is not None:
        headers = {"Content-Type": "application/json", **headers}
        content = _encoded(document)
    return Call(
        method=request.method,
        url=fill_path(request.path, values),
        params=params,
        content=content,
        headers=headers,
        repeatable=False,
        errors=request.errors,
    )


def _encoded(document: Any) -> bytes:
    try:
        return _JSON.encode(document)
    except (TypeError, ValueError, OverflowError):
        failure = Permanent("the record holds what JSON cannot carry", reason=Reason.MALFORMED)
    raise failure


def token_of(writing: RestWriting, operation: Operation, row: Any, etag: str) -> str:
    """What the system calls the state of a record: an ETag, or a version as JSON text.

    Args:
        writing: as the landscape declares it.
        operation: that the state is read for.
        row: the record as the system has it.
        etag: the header of the answer that showed it; empty where it had none.
    """
    request = writing.delete if operation is Operation.DELETE else writing.update
    match request.precondition if request else None:
        case EtagPrecondition(field=None):
            return etag
        case EtagPrecondition(field=str(path)):
            found = value_at(row, path)
            return found if isinstance(found, str) else ""
        case VersionPrecondition(field=path):
            version = value_at(row, path)
            is_name = isinstance(version, str | int | Decimal) and version != ""
            return _JSON.encode(version).decode() if is_name else ""
    return ""


def new_id(response: Response, request: CreateRequest) -> str:
    """The id of the record that was created.

    Raises:
        Transient: the answer does not show it, so we do not know what became of the request.
    """
    native_id: Any = None
    if request.id_header is not None:
        address = response.headers.get(request.id_header.lower(), "")
        native_id = address.partition("?")[0].rstrip("/").rpartition("/")[2]
    elif request.id is not None:
        native_id = _value_in(response, request.id)
    if isinstance(native_id, int) and not isinstance(native_id, bool):
        native_id = str(native_id)
    if not isinstance(native_id, str) or not native_id.strip():
        raise Transient("the answer does not show the new record's id", reason=Reason.MALFORMED)
    return native_id


def _value_in(response: Response, path: str) -> Any:
    try:
        return value_at(response.json_rows(), path)
    except TieoutError:
        return None
