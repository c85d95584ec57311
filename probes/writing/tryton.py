"""Writes to Tryton over JSON-RPC.

Seen in Tryton 8.2: a context with `_timestamp` (the state that was read, as `search_read` names
it) makes the first write or delete of that record raise `ConcurrencyException` where the record
has another one by then. A call is one transaction: whatever it raises for users and clients is
rolled back. Tryton knows no idempotency keys.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from monitor.core.errors import Permanent, Reason, TieoutError, Transient
from monitor.core.writing import Abilities, Observation, Operation, Receipt, Write
from monitor.response import Response
from probes.engine.caller import Call
from probes.engine.errors import ErrorRow, Then
from probes.engine.requests import Style, fill_body
from probes.engine.tagged_json import tag_value
from probes.writing.access import Access
from probes.writing.answers import quoted_text
from probes.writing.form import Form, Places, placeholders
from probes.writing.target import (
    fetch_record,
    find_by_keys,
    require_absent,
    require_seen,
    target_of,
    unable,
)
from probes.writing.tryton_settings import TrytonWriting

_CHANGED: Final = (
    ErrorRow(
        status=200,
        body=r'^\s*\{[^\[]*"error"\s*:\s*\[\s*"ConcurrencyException"',
        then=Then.FAIL,
        reason=Reason.CONFLICT,
    ),
)


@dataclass(frozen=True, slots=True)
class TrytonTarget:
    """One model that can be written.

    Attributes:
        model: technical name.
        writing: how.
        form: the form of what is written.
    """

    model: str
    writing: TrytonWriting
    form: Form


class TrytonWriter:
    """Writes to one database. May be used by several threads at a time."""

    def __init__(
        self, targets: Mapping[str, TrytonTarget], access: Access, *, context: Mapping[str, Any]
    ) -> None:
        """Get ready to write to these streams; Tryton's context is sent with each call."""
        self._targets = targets
        self._access = access
        self._context = context

    def abilities(self, stream: str) -> Abilities:
        """What the stream's settings declare."""
        if stream not in self._targets:
            return Abilities()
        writing = self._targets[stream].writing
        return Abilities(
            writing.operations(),
            frozenset((*writing.fields, *writing.buttons)),
            writing.keys_of_new(writing.create.constants) if writing.create else frozenset(),
        )

    def observe(self, write: Write) -> Observation:
        """See `Writer.observe`. The token is read before the record, so it is never too new."""
        target, at = target_of(self._targets, write), self._access.clock()
        native_id = write.native_id
        if not native_id:
            found = find_by_keys(self._access.probe, write)
            if found is None or write.operation is Operation.CREATE:
                return Observation(found, "", at)
            native_id = found.native_id
        token = self._timestamp(target, native_id)
        record = fetch_record(self._access.probe, write.stream.stream, native_id)
        return Observation(record, token if record else "", at)

    def apply(self, write: Write, seen: Observation, idempotency_key: str) -> Receipt:
        """See `Writer.apply`."""
        target, limit = target_of(self._targets, write), self._access.limit()
        if write.operation not in target.writing.operations():
            raise unable(f"the landscape declares no {write.operation} of this stream")
        body = self._body_for(target, write, seen, idempotency_key)
        call = Call("POST", "rpc/", content=body, headers=_JSON_TYPE, errors=_CHANGED)
        sent = self._access.send(call, limit)
        result = _result(sent.response, self._access.secrets | sent.secrets)
        is_new = write.operation is Operation.CREATE
        native_id = _new_id(result) if is_new else require_seen(seen).native_id
        return self._access.receipt_of(sent, native_id)

    def close(self) -> None:
        """Let go of connections."""
        self._access.caller.close()

    def _body_for(self, target: TrytonTarget, write: Write, seen: Observation, key: str) -> bytes:
        """The one call that makes the write."""
        if write.operation is Operation.CREATE:
            require_absent(seen.record)
            if target.writing.create is None or not target.writing.create.unique:
                require_absent(find_by_keys(self._access.probe, write))
            return self._request(target.model, "create", [[self._new(target, write, key)]], {})
        number = int(require_seen(seen).native_id)
        if not seen.token:
            raise Permanent("Tryton did not name the state of the record", reason=Reason.SCHEMA)
        method, *values = self._change(target, write)
        context = {"_timestamp": {f"{target.model},{number}": seen.token}}
        return self._request(target.model, method, [[number], *values], context)

    def _new(self, target: TrytonTarget, write: Write, key: str) -> Places:
        """Field to value of a new record."""
        create, form = target.writing.create, target.form
        constants = create.constants if create else {}
        filled = fill_body(constants, placeholders(write, key), Style())
        places = {**form.key_places(write), **form.places(write), **filled}
        form.require_keys(write, places, places)
        return self._related(target, places)

    def _change(self, target: TrytonTarget, write: Write) -> tuple[Any, ...]:
        """Method and further arguments of the one call that makes the change."""
        if write.operation is Operation.DELETE:
            return ("delete",)
        if button := _button(target.writing, write):
            return (button,)
        if target.writing.update is None:
            raise unable("no button brings these values about, and fields are not written")
        places = {**target.form.places(write), **target.writing.update.constants}
        return "write", self._related(target, places)

    def _related(self, target: TrytonTarget, places: Places) -> Places:
        """The same with ids of records instead of what they are called."""
        related = dict(places)
        for name, relation in target.writing.relations.items():
            if isinstance(places.get(name), str):
                domain = [[relation.by, "=", places[name]]]
                found = self._ask(relation.model, "search", [domain, 0, 2, None])
                if len(found) != 1:
                    raise Permanent(
                        f"{len(found) or 'no'} records of {relation.model} fit what field '{name}'"
                        " shall relate to",
                        reason=Reason.REFUSED,
                    )
                related[name] = found[0]
        return related

    def _timestamp(self, target: TrytonTarget, native_id: str) -> str:
        """What Tryton calls the record's present state; empty where there is no record."""
        if not (native_id.isascii() and native_id.isdecimal()):
            return ""
        arguments = [[["id", "=", int(native_id)]], 0, 1, None, ["_timestamp"]]
        match self._ask(target.model, "search_read", arguments):
            case [{"_timestamp": str(timestamp)}]:
                return timestamp
        return ""

    def _ask(self, model: str, method: str, arguments: list[Any]) -> list[Any]:
        """What a method that only reads gives."""
        body = self._request(model, method, arguments, {})
        call = Call("POST", "rpc/", content=body, headers=_JSON_TYPE, repeatable=True)
        response = self._access.caller.call(call, self._access.limit())
        result = _result(response, self._access.secrets)
        if not isinstance(result, list):
            raise Permanent("Tryton's answer has no list of results", reason=Reason.SCHEMA)
        return result

    def _request(
        self, model: str, method: str, arguments: list[Any], context: Mapping[str, Any]
    ) -> bytes:
        params = tag_value([*arguments, {**self._context, **context}])
        return msgspec.json.encode({"id": 1, "method": f"model.{model}.{method}", "params": params})


_JSON_TYPE: Final = {"Content-Type": "application/json"}


def _button(writing: TrytonWriting, write: Write) -> str:
    """The button that brings the write about; empty where its fields are simply written.

    Raises:
        Permanent: it needs a button and something else, which would be two transactions.
    """
    pressed = [
        button
        for name, buttons in writing.buttons.items()
        if name in write.after and (button := buttons.get(str(write.after[name])))
    ]
    if not pressed:
        return ""
    if len(write.after) > 1:
        raise unable("a button and other fields cannot be written in one call")
    return pressed[0]


def _result(response: Response, secrets: frozenset[str]) -> Any:
    """What a call gave.

    Args:
        response: the answer.
        secrets: what must not be shown of it.

    Raises:
        Permanent: Tryton refused it, and rolled it back.
        Transient: Tryton failed, or its answer cannot be read: what became of it is not known.
    """
    match _document(response):
        case {"error": [str(error), *said]} if error.isidentifier():
            text = quoted_text(json.dumps(said, ensure_ascii=False, default=str), secrets)
            raise Permanent(f"Tryton refused with {error}: {text}", reason=Reason.REFUSED)
        case {"error": _}:
            raise Transient("Tryton failed", reason=Reason.SERVER_ERROR)
        case {"result": result}:
            return result
    raise Transient("Tryton's answer has no result", reason=Reason.MALFORMED)


def _document(response: Response) -> Any:
    try:
        return response.json_rows()
    except TieoutError:
        return None


def _new_id(result: Any) -> str:
    match result:
        case [int(number)]:
            return str(number)
    raise Transient("Tryton did not show the new record's id", reason=Reason.MALFORMED)
