"""A stream's mapping over whole columns: what `RowMapper` does to a row, done to a frame.

Typed columns are cast; text is read by Polars where that gives the same, and value by value with
the row mapper's own converter where not.
"""

import re
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

import polars as pl

from monitor.core.amounts import money
from monitor.core.entities import EntityFields
from monitor.core.model import FieldType, KeyRole, Value
from monitor.core.ports import INSTANT, MONEY
from monitor.core.streams import FieldMapping, KeyMapping, StreamSettings
from probes.engine.checks import as_field_mapping
from probes.engine.keys import as_key_mapping, paths_of, read_keys, unify
from probes.engine.values import (
    DECIMALS,
    DIGITS,
    WHOLE_DIGITS,
    Convert,
    Misfit,
    converter,
    is_blank,
)

RAW: Final = "raw:"
"""Before the name of an extract's own column."""

TYPES: Final[Mapping[FieldType, pl.DataType]] = {
    FieldType.TEXT: pl.String(),
    FieldType.INTEGER: pl.Int64(),
    FieldType.DECIMAL: MONEY,
    FieldType.BOOLEAN: pl.Boolean(),
    FieldType.INSTANT: INSTANT,
    FieldType.DATE: pl.Date(),
}


class ColumnMapper:
    """Maps the columns of one stream's extract."""

    def __init__(
        self,
        settings: StreamSettings,
        fields: EntityFields,
        schema: Mapping[str, pl.DataType],
        trimmed: Collection[str] = (),
    ) -> None:
        """Get ready to map.

        Args:
            settings: the stream's mapping; `checks.check_mapping` found nothing in it.
            fields: canonical fields of the stream's entity.
            schema: columns of the extract. In the frames that are mapped, their names stand
                after `RAW`, apart from canonical ones.
            trimmed: columns of text known to have no blanks around it, and no empty text. They
                need no work on each row, so that a condition on them reaches the reader of the
                file, which then passes over rows that do not meet it.
        """
        self._settings = settings
        self._fields = fields
        self._schema = schema
        self._trimmed = frozenset(trimmed)

    def texts(self) -> list[str]:
        """Columns of text that canonical text is read from as it stands."""
        names = set()
        for field, settings in self._settings.map.items():
            mapping = as_field_mapping(settings)
            is_text = self._fields[field] is FieldType.TEXT and not mapping.values
            name = mapping.source or ""
            if is_text and isinstance(self._schema.get(name), pl.String):
                names.add(name)
        return sorted(names)

    def missing_columns(self) -> list[str]:
        """Columns that the mapping reads and the extract has not."""
        mappings = [as_field_mapping(each) for each in self._settings.map.values()]
        keys = [*self._settings.defines.values(), *self._settings.refers.values()]
        wanted = {
            self._settings.id,
            *(mapping.source for mapping in mappings if mapping.source is not None),
            *(path for key in keys for path in paths_of(as_key_mapping(key))),
        }
        return sorted(path for path in wanted if not {path, path.split(".")[0]} & set(self._schema))

    def native_id(self) -> pl.Expr:
        """The source's own identifier, as text; null where there is none."""
        text = self._column(self._settings.id).cast(pl.String)
        return pl.when(text.str.strip_chars() != "").then(text)

    def modified_at(self) -> pl.Expr:
        """The source's stamp; null for a stream without a cursor."""
        cursor = self._settings.cursor
        if cursor is None:
            return pl.lit(None, INSTANT)
        stamp = FieldMapping.model_validate(
            {"from": cursor.field, "zone": cursor.zone, "format": cursor.format}
        )
        return self._read(stamp, FieldType.INSTANT)

    def field(self, name: str) -> pl.Expr:
        """A canonical field; null where the mapping does not name it, or its value misfits."""
        if name not in self._settings.map:
            return pl.lit(None, TYPES[self._fields[name]])
        return self._read(as_field_mapping(self._settings.map[name]), self._fields[name])

    def misfits(self, name: str) -> pl.Expr | None:
        """Rows in which the field has a value that cannot be one; None where none can be."""
        if name not in self._settings.map:
            return None
        mapping = as_field_mapping(self._settings.map[name])
        if mapping.source is None:
            return None
        if mapping.required:
            return self.field(name).is_null()
        source, value = self._type_of(mapping.source), self._column(mapping.source)
        if mapping.source in self._schema and _casts(source, self._fields[name]):
            return None
        if isinstance(source, pl.String):
            if self._fields[name] is FieldType.TEXT:
                return None
            value = pl.when(value.str.strip_chars() != "").then(value)
        return self.field(name).is_null() & value.is_not_null()

    def keys(self, kind: str) -> pl.Expr:
        """The values of one key kind, each once: a list of text, empty where there are none."""
        single = self.single_key(kind)
        if single is not None:
            return pl.concat_list(single).list.drop_nulls()
        uses = [
            mapping
            for mappings in (self._settings.defines, self._settings.refers)
            if (mapping := mappings.get(kind)) is not None
        ]
        parts = [self._slow_keys(as_key_mapping(mapping), kind) for mapping in uses]
        return pl.concat_list(*parts).list.unique(maintain_order=True)

    def single_key(self, kind: str) -> pl.Expr | None:
        """The key of this kind as text, null where blank; None where a row may have several."""
        uses = [
            as_key_mapping(mappings[kind])
            for mappings in (self._settings.defines, self._settings.refers)
            if kind in mappings
        ]
        if len(uses) != 1:
            return None
        (mapping,) = uses
        plain = not (mapping.split or mapping.strip_prefix or mapping.rewrite)
        paths = paths_of(mapping)
        if not plain or len(paths) > 1 or not set(mapping.normalise) <= _STEPS.keys():
            return None
        if isinstance(self._schema.get(paths[0].split(".")[0]), pl.List):
            return None
        return self._quick_key(paths[0], mapping)

    def kinds(self) -> list[str]:
        """Every key kind that rows may carry."""
        return sorted({*self._settings.defines, *self._settings.refers})

    def uses(self) -> list[tuple[KeyRole, str, pl.Expr]]:
        """Role, kind and values (a list of text) of every key that rows may carry."""
        return [
            (role, kind, self.keys(kind))
            for role, mappings in (
                (KeyRole.DEFINES, self._settings.defines),
                (KeyRole.REFERS, self._settings.refers),
            )
            for kind in mappings
        ]

    def _type_of(self, path: str) -> pl.DataType:
        return self._schema[path if path in self._schema else path.split(".", maxsplit=1)[0]]

    def _column(self, path: str) -> pl.Expr:
        if path in self._schema:
            return pl.col(RAW + path)
        first, *rest = path.split(".")
        value = pl.col(RAW + first)
        for name in rest:
            value = value.struct.field(name)
        return value

    def _read(self, mapping: FieldMapping, kind: FieldType) -> pl.Expr:
        convert = converter(kind, zone=mapping.zone, form=mapping.format, words=mapping.values)
        if mapping.source is None:
            constant = None if mapping.constant is None else convert(mapping.constant)
            return pl.lit(constant, TYPES[kind])
        source, value = self._type_of(mapping.source), self._column(mapping.source)
        if mapping.source not in self._schema or mapping.values or mapping.format:
            return _one_by_one(value, convert, kind)
        if isinstance(source, pl.String) and kind is FieldType.TEXT:
            text = value.str.strip_chars()
            tidy = mapping.source in self._trimmed
            return value if tidy else pl.when(text != "").then(text)
        if _casts(source, kind) or _is_exact(source, kind):
            return _cast(value, source, kind, mapping.zone)
        if isinstance(source, pl.String) and kind is FieldType.INSTANT:
            return _instants(value, convert)
        return _one_by_one(value, convert, kind)

    def _quick_key(self, path: str, mapping: KeyMapping) -> pl.Expr:
        text = self._column(path).cast(pl.String)
        known = text.str.strip_chars() != ""
        if not mapping.normalise:
            return pl.when(known).then(text)
        unified = text.str.strip_chars()
        for step in mapping.normalise:
            unified = _STEPS[step](unified)

        def unify_strange(texts: pl.Series) -> pl.Series:
            return _where_not_ascii(texts, lambda each: unify(each.strip(), mapping))

        plain = unified.map_batches(unify_strange, return_dtype=pl.String, is_elementwise=True)
        return pl.when(known & (plain != "")).then(plain)

    def _slow_keys(self, mapping: KeyMapping, kind: str) -> pl.Expr:
        names = {path.split(".")[0] for path in paths_of(mapping)}
        columns = [pl.col(RAW + name).alias(name) for name in sorted(names)]

        def read(rows: pl.Series) -> pl.Series:
            return pl.Series([_key_values(row, mapping, kind) for row in rows], dtype=_TEXTS)

        return pl.struct(columns).map_batches(read, return_dtype=_TEXTS, is_elementwise=True)


_TOO_LARGE: Final = money(Decimal(10) ** WHOLE_DIGITS)

_STEPS: Final[Mapping[str, Callable[[pl.Expr], pl.Expr]]] = {
    "trim": lambda text: text.str.strip_chars(),
    "upper": lambda text: text.str.to_uppercase(),
    "lower": lambda text: text.str.to_lowercase(),
}


def _where_not_ascii(texts: pl.Series, change: Callable[[str], str]) -> pl.Series:
    """Texts in which the few that are not ASCII are changed one by one."""
    strange = (texts.str.len_bytes() != texts.str.len_chars()).fill_null(value=False)
    if not strange.any():
        return texts
    changed = pl.Series([change(each) for each in texts.filter(strange)], dtype=pl.String)
    return texts.scatter(strange.arg_true(), changed)


_TEXTS: Final = pl.List(pl.String)


def _key_values(row: dict[str, object], mapping: KeyMapping, kind: str) -> list[str]:
    try:
        return [use.value for use in read_keys(row, mapping, kind, KeyRole.REFERS)]
    except Misfit:
        return []


def _casts(source: pl.DataType, kind: FieldType) -> bool:
    """Whether every value of the source's type is one of the canonical type, by a mere cast."""
    match kind:
        case FieldType.INTEGER:
            return source.is_integer() and source != pl.UInt64
        case FieldType.DECIMAL:
            return source.is_integer() or (isinstance(source, pl.Decimal) and _is_narrow(source))
        case FieldType.BOOLEAN:
            return isinstance(source, pl.Boolean)
        case FieldType.INSTANT:
            return isinstance(source, pl.Datetime)
        case FieldType.DATE:
            return isinstance(source, pl.Date)
        case FieldType.TEXT:
            return source.is_integer()


def _is_exact(source: pl.DataType, kind: FieldType) -> bool:
    """Whether a cast gives each value exactly, or null where it is too large."""
    return kind is FieldType.DECIMAL and isinstance(source, pl.Decimal) and source.scale <= DECIMALS


def _is_narrow(source: pl.Decimal) -> bool:
    return source.scale <= DECIMALS and (source.precision or DIGITS) - source.scale <= WHOLE_DIGITS


def _cast(value: pl.Expr, source: pl.DataType, kind: FieldType, zone: str) -> pl.Expr:
    if source == TYPES[kind]:
        return value
    if kind is FieldType.INSTANT and isinstance(source, pl.Datetime):
        if source.time_zone is None:
            value = value.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
        return value.dt.convert_time_zone("UTC").dt.cast_time_unit("us")
    cast = value.cast(TYPES[kind], strict=False)
    if _casts(source, kind):
        return cast
    return pl.when(cast.abs() < _TOO_LARGE).then(cast)


def _instants(value: pl.Expr, convert: Convert) -> pl.Expr:
    """ISO 8601 with an offset by Polars; what it cannot read, value by value."""

    def read(texts: pl.Series) -> pl.Series:
        quick = _quick_instants(texts, convert)
        left = quick.is_null() & texts.is_not_null()
        if not left.any():
            return quick
        rest = pl.Series([_convert(each, convert) for each in texts.filter(left)], dtype=INSTANT)
        return quick.scatter(left.arg_true(), rest)

    return value.map_batches(read, return_dtype=INSTANT, is_elementwise=True)


_SECONDS: Final = len("2026-01-01T00:00:00")
_SOME: Final = 1000


def _quick_instants(texts: pl.Series, convert: Convert) -> pl.Series:
    """Date and time by place; what follows them, the same in many rows, by a table of shifts."""
    local = texts.str.head(_SECONDS).str.to_datetime(
        "%Y-%m-%dT%H:%M:%S", time_unit="us", strict=False
    )
    endings = texts.str.slice(_SECONDS)
    distinct = [each for each in endings.unique() if each]
    if len(distinct) > _SOME:
        return texts.str.to_datetime(
            "%Y-%m-%dT%H:%M:%S%.f%#z", time_unit="us", time_zone="UTC", strict=False
        )
    shifts = [_shift(each, convert) for each in distinct]
    return local.dt.replace_time_zone("UTC") + endings.replace_strict(
        distinct, pl.Series(shifts, dtype=pl.Duration("us")), default=None
    )


def _shift(ending: str, convert: Convert) -> timedelta | None:
    """What a fraction of a second and an offset add to a time of theirs in UTC."""
    start = datetime(2000, 1, 1, tzinfo=UTC)
    if not re.fullmatch(r"(\.\d{1,6})?(Z|[+-]\d{2}:?\d{2})", ending):
        return None
    read = _convert(f"2000-01-01T00:00:00{ending}", convert)
    return read - start if isinstance(read, datetime) else None


def _one_by_one(value: pl.Expr, convert: Convert, kind: FieldType) -> pl.Expr:
    def read(values: pl.Series) -> pl.Series:
        distinct = values.unique()
        read_once = pl.Series([_convert(each, convert) for each in distinct], dtype=TYPES[kind])
        return read_once.gather(_places(values, distinct))

    return value.map_batches(read, return_dtype=TYPES[kind], is_elementwise=True)


def _places(values: pl.Series, distinct: pl.Series) -> pl.Series:
    """Where each value stands among the distinct ones."""
    numbered = distinct.to_frame("value").with_row_index("place")
    wanted = values.to_frame("value")
    return wanted.join(
        numbered, on="value", how="left", nulls_equal=True, maintain_order="left"
    ).to_series(1)


def _convert(value: object, convert: Convert) -> Value:
    if is_blank(value):
        return None
    try:
        return convert(value)
    except Misfit:
        return None
