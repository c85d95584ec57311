"""A stream's mapping over whole columns: what `RowMapper` does to a row, done to a frame.

Typed columns are cast; text is read by Polars where that gives the same, and value by value with
the row mapper's own converter where not.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Final

import polars as pl

from monitor.core.entities import EntityFields
from monitor.core.model import FieldType, KeyRole
from monitor.core.ports import INSTANT
from monitor.core.streams import FieldMapping, KeyMapping, StreamSettings
from probes.engine.checks import as_field_mapping
from probes.engine.column_values import TYPES, cast, casts, instants, is_exact, one_by_one
from probes.engine.keys import as_key_mapping, paths_of, read_keys, unify
from probes.engine.values import Misfit, converter

RAW: Final = "raw:"
"""Before the name of an extract's own column."""


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
        return sorted(
            path for path in self._paths() if not {path, path.split(".")[0]} & set(self._schema)
        )

    def sources(self) -> list[str]:
        """Columns that the mapping and the cursor read, as frames name them."""
        cursor = self._settings.cursor
        paths = self._paths() | ({cursor.field} if cursor is not None else set())
        names = {path if path in self._schema else path.split(".")[0] for path in paths}
        return sorted(RAW + name for name in names)

    def _paths(self) -> set[str]:
        mappings = [as_field_mapping(each) for each in self._settings.map.values()]
        keys = [*self._settings.defines.values(), *self._settings.refers.values()]
        return {
            self._settings.id,
            *(mapping.source for mapping in mappings if mapping.source is not None),
            *(path for key in keys for path in paths_of(as_key_mapping(key))),
        }

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
        if mapping.source in self._schema and casts(source, self._fields[name]):
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

    def written_key(self, kind: str) -> pl.Expr | None:
        """The column of a single key that is taken as it stands, blanks included; else None."""
        if self.single_key(kind) is None:
            return None
        (mapping,) = (
            as_key_mapping(mappings[kind])
            for mappings in (self._settings.defines, self._settings.refers)
            if kind in mappings
        )
        if mapping.normalise:
            return None
        return self._column(paths_of(mapping)[0]).cast(pl.String)

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
            return one_by_one(value, convert, kind)
        if isinstance(source, pl.String) and kind is FieldType.TEXT:
            text = value.str.strip_chars()
            tidy = mapping.source in self._trimmed
            return value if tidy else pl.when(text != "").then(text)
        if casts(source, kind) or is_exact(source, kind):
            return cast(value, source, kind, mapping.zone)
        if isinstance(source, pl.String) and kind is FieldType.INSTANT:
            return instants(value, convert)
        return one_by_one(value, convert, kind)

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
