"""Writes to any JSON API, as `probes.writing.rest_settings` describes it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from monitor.core.clock import TimeLimit
from monitor.core.errors import Permanent, Reason
from monitor.core.model import Record
from monitor.core.writing import Abilities, Observation, Operation, Receipt, Write
from monitor.response import NO_CONTENT
from probes.engine.caller import Call
from probes.engine.listed_rows import rows_at
from probes.engine.mapping import RowMapper
from probes.engine.requests import FetchSettings
from probes.writing.access import Access
from probes.writing.form import Form
from probes.writing.rest_calls import (
    change,
    creation,
    deletion,
    new_id,
    request_of,
    token_of,
    triggering,
)
from probes.writing.rest_settings import (
    CreateRequest,
    DeleteRequest,
    NoPrecondition,
    RestWriting,
    TriggerRequest,
    UpdateRequest,
    WriteRequest,
)
from probes.writing.target import (
    find_by_keys,
    require_absent,
    require_same,
    require_seen,
    target_of,
    unable,
)


@dataclass(frozen=True, slots=True)
class RestTarget:
    """One list that can be written.

    Attributes:
        writing: how.
        form: the form of what is sent.
        fetch: how one record is read; None where it cannot be.
        mapper: how rows become records.
    """

    writing: RestWriting
    form: Form
    fetch: FetchSettings | None
    mapper: RowMapper


class _State(NamedTuple):
    """A record at one instant, as the system and as we have it."""

    row: Any
    record: Record
    etag: str


class RestWriter:
    """Writes to one JSON API. May be used by several threads at a time."""

    def __init__(self, targets: Mapping[str, RestTarget], access: Access) -> None:
        """Get ready to write to these streams."""
        self._targets = targets
        self._access = access

    def abilities(self, stream: str) -> Abilities:
        """What the stream's settings declare."""
        if stream not in self._targets:
            return Abilities()
        writing = self._targets[stream].writing
        create = writing.create
        return Abilities(
            writing.operations(),
            frozenset(writing.fields),
            writing.keys_of_new(create.path, create.params, create.constants)
            if create
            else frozenset(),
            frozenset(writing.triggers),
        )

    def observe(self, write: Write) -> Observation:
        """See `Writer.observe`; what a trigger is about need not be a record of its stream."""
        target, at = target_of(self._targets, write), self._access.clock()
        native_id, is_trigger = write.native_id, write.operation is Operation.TRIGGER
        if not native_id and not is_trigger:
            found = find_by_keys(self._access.probe, write)
            if found is None or write.operation is Operation.CREATE:
                return Observation(found, "", at)
            native_id = found.native_id
        if is_trigger and (not native_id or target.fetch is None):
            return Observation(None, "", at)
        state = self._read(target, native_id, self._access.limit())
        if state is None:
            return Observation(None, "", at)
        token = token_of(target.writing, write.operation, state.row, state.etag)
        return Observation(state.record, token, at)

    def apply(self, write: Write, seen: Observation, idempotency_key: str) -> Receipt:
        """See `Writer.apply`."""
        target, limit = target_of(self._targets, write), self._access.limit()
        request = request_of(target.writing, write)
        call = self._call_for(target, request, write, seen, idempotency_key)
        sent = self._access.send(call, limit)
        native_id = seen.record.native_id if seen.record else write.native_id
        if isinstance(request, CreateRequest):
            native_id = new_id(sent.response, request)
        return self._access.receipt_of(sent, native_id)

    def close(self) -> None:
        """Let go of connections."""
        self._access.caller.close()

    def _call_for(
        self, target: RestTarget, request: WriteRequest, write: Write, seen: Observation, key: str
    ) -> Call:
        """The one request that makes the write; where the system compares nothing, we do."""
        match request:
            case CreateRequest():
                require_absent(seen.record)
                if request.idempotency is None:
                    require_absent(find_by_keys(self._access.probe, write))
                return creation(target.form, request, write, key)
            case UpdateRequest() | DeleteRequest():
                record = require_seen(seen)
                meant = replace(write, native_id=record.native_id)
                row = self._row_if_needed(target, request, record)
                if isinstance(request, DeleteRequest):
                    return deletion(request, meant, key, token=seen.token)
                return change(target.form, request, meant, key, token=seen.token, row=row)
            case TriggerRequest():
                return triggering(request, write, key)
        raise unable("there is no such request")

    def _row_if_needed(
        self, target: RestTarget, request: UpdateRequest | DeleteRequest, seen: Record
    ) -> Any:
        """The row as it is now, where the system does not compare or wants to have it back."""
        is_whole = isinstance(request, UpdateRequest) and request.sends == "whole"
        if not is_whole and not isinstance(request.precondition, NoPrecondition):
            return None
        state = self._read(target, seen.native_id, self._access.limit())
        require_same(seen, state.record if state else None)
        return state.row if state else None

    def _read(self, target: RestTarget, native_id: str, limit: TimeLimit) -> _State | None:
        if target.fetch is None:
            raise unable("records cannot be read by id")
        response = self._access.caller.call(target.fetch.call_for(native_id), limit)
        if response.status == NO_CONTENT:
            return None
        for row in rows_at(response.json_rows(), target.fetch.select):
            record = target.mapper.read_row(row)
            if not isinstance(record, Record):
                raise Permanent(f"the record cannot be read: {record.detail}", reason=Reason.SCHEMA)
            if record.native_id == native_id:
                return _State(row, record, response.headers.get("etag", ""))
        return None
