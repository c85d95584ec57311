"""Rows of a source become canonical records; a row that cannot is set aside with its reason."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any, Final, TypeVar

from monitor.core.entities import EntityFields
from monitor.core.model import (
    FieldType,
    KeyRole,
    KeyUse,
    Page,
    Record,
    Reject,
    RejectReason,
    StreamId,
    Value,
)
from monitor.core.shapes import Shape, ValueType
from monitor.core.streams import FieldMapping, KeyMapping, StreamSettings
from probes.engine.checks import as_field_mapping, check_mapping
from probes.engine.keys import as_key_mapping, read_keys
from probes.engine.selector import value_at
from probes.engine.shapes import type_at
from probes.engine.values import (
    Convert,
    Misfit,
    converter,
    describe,
    is_blank,
    read_boolean,
    read_instant,
    read_text,
    read_zone,
)

PAYLOAD_CHARACTERS: Final = 2000
LONGEST_NAME: Final = 500
"""Characters of an identifier or a key: what a database's index takes, in any script."""

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Column:
    """How one canonical field is read."""

    name: str
    path: str
    convert: Convert
    required: bool


class RowMapper:
    """Maps the rows of one stream."""

    def __init__(
        self,
        stream: StreamId,
        settings: StreamSettings,
        fields: EntityFields,
        *,
        false_is_blank: bool = False,
    ) -> None:
        """Get ready to map.

        Args:
            stream: where the rows are read.
            settings: the stream's mapping.
            fields: canonical fields of the stream's entity.
            false_is_blank: the source writes `false` where a field that is no truth value holds
                nothing.

        Raises:
            ValueError: the mapping does not fit the entity; every problem is named.
        """
        if problems := check_mapping(settings, fields):
            raise ValueError(f"{stream}: {'; '.join(problems)}")
        self._stream = stream
        self._settings = settings
        self._false_is_blank = false_is_blank
        self._truths: set[str] = {settings.deletes.field} if settings.deletes.field else set()
        self._constants: dict[str, Value] = {}
        self._columns: list[Column] = []
        for name, mapping in settings.map.items():
            self._add_field(name, as_field_mapping(mapping), fields[name])
        self._shapes: dict[Shape, Shape] = {}
        self._keys = _key_mappings(settings)
        cursor = settings.cursor
        self._stamp_path = cursor.field if cursor else None
        self._read_stamp = partial(
            read_instant,
            zone=read_zone(cursor.zone if cursor else "UTC"),
            form=cursor.format if cursor else None,
        )

    def _add_field(self, name: str, mapping: FieldMapping, field_type: FieldType) -> None:
        convert = converter(
            field_type, zone=mapping.zone, form=mapping.format, words=mapping.values
        )
        if mapping.source is None:
            self._constants[name] = convert(mapping.constant)
        else:
            self._columns.append(Column(name, mapping.source, convert, mapping.required))
            if field_type is FieldType.BOOLEAN:
                self._truths.add(mapping.source)

    def read_page(self, rows: Iterable[Any], position: datetime | None = None) -> Page:
        """Every row as a record or a reject, in order; never raises because of a row's content.

        Args:
            rows: as the source sent them.
            position: see `Page.position`.
        """
        read = [self.read_row(row) for row in rows]
        return Page(
            tuple(each for each in read if isinstance(each, Record)),
            tuple(each for each in read if isinstance(each, Reject)),
            position,
        )

    def read_row(self, row: Any) -> Record | Reject:
        """One row as a record, or why it is none."""
        try:
            return self._read_row(row)
        except Misfit as misfit:
            return self.set_aside(row, misfit.reason, misfit.detail)

    def set_aside(self, row: Any, reason: RejectReason, detail: str) -> Reject:
        """A reject for a row, with its id where that can be read."""
        return Reject(
            self._native_id_of(row), reason, detail, dump_payload(row), self._unfit_shape(row)
        )

    def native_id(self, row: Any) -> str:
        """The source's own identifier of a row.

        Raises:
            Misfit: there is none.
        """
        path = self._settings.id
        value = value_at(row, path)
        if is_blank(value) or isinstance(value, bool):
            raise Misfit(RejectReason.NO_ID, f"'{path}' holds no identifier")
        text = _named(path, read_text, value)
        if len(text) > LONGEST_NAME:
            raise _too_long(f"'{path}'")
        # Blanks around it stay: the source must know its own identifier when asked for it.
        return value if isinstance(value, str) else text

    def stamp(self, row: Any) -> datetime | None:
        """The source's stamp of the last change; None for a stream without a cursor.

        Raises:
            Misfit: the stream has a cursor, and the row has no stamp that can be read.
        """
        if self._stamp_path is None:
            return None
        value = value_at(row, self._stamp_path)
        if is_blank(value):
            raise Misfit(RejectReason.NO_STAMP, f"'{self._stamp_path}' holds no stamp")
        return _named(self._stamp_path, self._read_stamp, value)

    def _read_row(self, row: Any) -> Record:
        if not isinstance(row, Mapping):
            raise Misfit(
                RejectReason.NOT_AN_OBJECT, f"the row should be an object, is {describe(row)}"
            )
        if self._false_is_blank:
            row = {
                name: None if value is False and name not in self._truths else value
                for name, value in row.items()
            }
        native_id = self.native_id(row)
        if self._is_deleted(row):
            return self._read_tombstone(row, native_id)
        fields = dict(self._constants)
        types: list[tuple[str, ValueType]] = []
        for column in self._columns:
            value = value_at(row, column.path)
            types.append((column.name, type_at(row, column.path, value)))
            fields[column.name] = _convert(value, column)
        return Record(
            self._stream,
            self._settings.entity,
            native_id,
            fields,
            tuple(use for key in self._keys for use in _read_key(row, *key)),
            self.stamp(row),
            shape=self._shared(types),
        )

    def _shared(self, types: list[tuple[str, ValueType]]) -> Shape:
        shape = tuple(types)
        return self._shapes.setdefault(shape, shape)

    def _unfit_shape(self, row: Any) -> Shape:
        """The shape of a row that became no record: what does not fit its field stands out."""
        if not isinstance(row, Mapping):
            return ()
        return self._shared([(column.name, _fit_type(row, column)) for column in self._columns])

    def _read_tombstone(self, row: Any, native_id: str) -> Record:
        """A deleted record with whatever the source still tells of it: often the id alone."""
        fields = dict(self._constants)
        for column in self._columns:
            fields[column.name] = _or_default(None, _read_column, row, column)
        nothing: tuple[KeyUse, ...] = ()
        keys = [use for key in self._keys for use in _or_default(nothing, _read_key, row, *key)]
        stamp = _or_default(None, self.stamp, row)
        return Record(
            self._stream, self._settings.entity, native_id, fields, tuple(keys), stamp, deleted=True
        )

    def _is_deleted(self, row: Any) -> bool:
        deletes = self._settings.deletes
        if deletes.kind != "field" or deletes.field is None:
            return False
        flag = value_at(row, deletes.field)
        if is_blank(flag):
            return False
        return any(_means(flag, value) for value in deletes.values)

    def _native_id_of(self, row: Any) -> str | None:
        return _or_default(None, self.native_id, row)


def carrying(page: Page, kind: str, values: Iterable[str]) -> Page:
    """The page without records that carry none of these keys; sources match more loosely."""
    wanted = {(kind, value) for value in values}
    found = (
        record
        for record in page.records
        if any((use.kind, use.value) in wanted for use in record.keys)
    )
    return replace(page, records=tuple(found))


def _key_mappings(settings: StreamSettings) -> list[tuple[str, KeyMapping, KeyRole]]:
    roles = ((settings.defines, KeyRole.DEFINES), (settings.refers, KeyRole.REFERS))
    return [
        (kind, as_key_mapping(mapping), role)
        for mappings, role in roles
        for kind, mapping in mappings.items()
    ]


def _read_column(row: Any, column: Column) -> Value:
    return _convert(value_at(row, column.path), column)


def _fit_type(row: Any, column: Column) -> ValueType:
    value = value_at(row, column.path)
    try:
        _convert(value, column)
    except Misfit as misfit:
        if misfit.reason is not RejectReason.NO_VALUE:
            return ValueType.UNFIT
    return type_at(row, column.path, value)


def _convert(value: Any, column: Column) -> Value:
    if not is_blank(value):
        return _named(column.name, column.convert, value)
    if column.required:
        raise Misfit(RejectReason.NO_VALUE, f"field '{column.name}' is required and blank")
    return None


def _read_key(row: Any, kind: str, mapping: KeyMapping, role: KeyRole) -> tuple[KeyUse, ...]:
    try:
        uses = read_keys(row, mapping, kind, role)
    except Misfit as misfit:
        raise Misfit(misfit.reason, f"key '{kind}' {misfit.detail}") from None
    if any(len(use.value) > LONGEST_NAME for use in uses):
        raise _too_long(f"key '{kind}'")
    if mapping.required and not uses:
        raise Misfit(RejectReason.NO_KEY, f"key '{kind}' is required and blank")
    return uses


def _too_long(what: str) -> Misfit:
    return Misfit(RejectReason.OUT_OF_RANGE, f"{what} has more than {LONGEST_NAME} characters")


def _named(name: str, convert: Callable[[Any], Result], value: Any) -> Result:
    try:
        return convert(value)
    except Misfit as misfit:
        raise Misfit(misfit.reason, f"'{name}' {misfit.detail}") from None


def _or_default(default: Result, read: Callable[..., Result], *arguments: Any) -> Result:
    try:
        return read(*arguments)
    except Misfit:
        return default


def _means(flag: Any, value: str | bool) -> bool:
    """Whether the flag says what the settings call deleted; 1 and `yes` are true as well."""
    try:
        return read_boolean(flag) is value if isinstance(value, bool) else read_text(flag) == value
    except Misfit:
        return False


def dump_payload(row: Any) -> str:
    """The row as JSON text that any store can hold, cut at 2,000 characters."""
    try:
        text = json.dumps(row, default=str, ensure_ascii=False, skipkeys=True)
    except (ValueError, RecursionError):
        text = json.dumps(f"a row that is no JSON: {describe(row)}")
    return text.encode("utf-8", "backslashreplace").decode()[:PAYLOAD_CHARACTERS]
