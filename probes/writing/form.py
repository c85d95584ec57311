"""Canonical values in the form in which a system takes them: a stream's mapping, reversed.

Nothing is sent of which the mapping would read something else: each value is written, read again,
and refused where it does not come back as it was.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from monitor.core.entities import EntityFields
from monitor.core.errors import Permanent, Reason
from monitor.core.model import FieldType, KeyRole, Value
from monitor.core.streams import FieldMapping, KeyMapping
from monitor.core.writing import Write
from probes.engine.checks import as_field_mapping
from probes.engine.keys import as_key_mapping, paths_of, read_keys
from probes.engine.selector import parse_path
from probes.engine.values import CENTS, Convert, Misfit, converter, is_blank, read_zone
from probes.writing.settings import FieldWriting, WritableStream, WritingSettings

Represent = Callable[[Any], Any]
"""A text, number, truth value, date or instant as the system writes it; the mapping reads both."""

Places = dict[str, Any]
"""What is written, by path."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_UNITS: Final[Mapping[str, int]] = {"epoch": 1, "epoch_ms": 1000}
_MICROSECONDS: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class FieldForm:
    """How one canonical field is written.

    Attributes:
        name: of the field.
        path: where it is written.
        read: how the stream reads it.
        mapping, writing: what the landscape says of reading and of writing it.
        words: canonical value to the system's word.
        represent: see `Represent`.
    """

    name: str
    path: str
    read: Convert
    mapping: FieldMapping
    writing: FieldWriting
    words: Mapping[Value, str]
    represent: Represent

    def encode(self, value: Value) -> Any:
        """What the system is sent for a canonical value.

        Raises:
            Permanent: the stream would read it as something else.
        """
        if value is None:
            return None
        written = self.represent(self._write(value))
        try:
            is_same = not is_blank(written) and self.read(written) == value
        except Misfit:
            is_same = False
        if not is_same:
            raise Permanent(
                f"the value of field '{self.name}' cannot be written so that it is read the same"
                " again",
                reason=Reason.UNSUPPORTED,
            )
        return written

    def _write(self, value: Value) -> Any:
        if (word := self.words.get(value)) is not None:
            return word
        match value:
            case bool() | str():
                return value
            case int() | Decimal():
                return self._write_number(value)
            case datetime():
                return _write_instant(value, self.mapping)
            case date():
                return _write_date(value, self.mapping)
        return value

    def _write_number(self, value: int | Decimal) -> Any:
        number = _count_cents(Decimal(value)) if self.mapping.format == CENTS else value
        if self.writing.decimals is not None:
            with suppress(InvalidOperation):
                number = Decimal(number).quantize(Decimal(1).scaleb(-self.writing.decimals))
        if self.writing.number == "number":
            return number
        return format(number, "f") if isinstance(number, Decimal) else str(number)


def _count_cents(amount: Decimal) -> int | Decimal:
    cents = amount.scaleb(2)
    return int(cents) if cents == cents.to_integral_value() else cents


def _write_instant(instant: datetime, mapping: FieldMapping) -> Any:
    if mapping.format is None:
        return instant
    if mapping.format in _EPOCH_UNITS:
        return _count(instant - _EPOCH, _EPOCH_UNITS[mapping.format])
    return instant.astimezone(read_zone(mapping.zone)).strftime(mapping.format)


def _write_date(day: date, mapping: FieldMapping) -> Any:
    if mapping.format is None:
        return day
    midnight = datetime.combine(day, time(), tzinfo=read_zone(mapping.zone))
    if mapping.format in _EPOCH_UNITS:
        return _count(midnight - _EPOCH, _EPOCH_UNITS[mapping.format])
    return midnight.strftime(mapping.format)


def _count(length: timedelta, units_a_second: int) -> int | Decimal:
    """Units in a length of time, exactly."""
    microseconds = length // timedelta(microseconds=1)
    whole, rest = divmod(microseconds * units_a_second, _MICROSECONDS)
    return whole if not rest else Decimal(microseconds * units_a_second) / _MICROSECONDS


@dataclass(frozen=True, slots=True)
class Form:
    """How the writes of one stream become what its system is sent."""

    stream: WritableStream
    writing: WritingSettings
    fields: Mapping[str, FieldForm]

    def places(self, write: Write) -> Places:
        """What the write's fields shall be, by path.

        Raises:
            Permanent: one of them cannot be written.
        """
        if unknown := write.after.keys() - self.fields.keys():
            raise Permanent(f"field '{min(unknown)}' is not written", reason=Reason.UNSUPPORTED)
        return {self.fields[name].path: self.fields[name].encode(write.after[name])
                for name in sorted(write.after)}  # fmt: skip

    def key_places(self, write: Write) -> Places:
        """The business keys of a new record, by path, as far as they have one of their own."""
        kinds = self.writing.keys
        return {kinds[use.kind]: use.value for use in write.keys if use.kind in kinds}

    def require_keys(self, write: Write, row: Mapping[str, Any], places: Places) -> None:
        """See that a new record will be found by the keys that it is made for.

        Args:
            write: the creation.
            row: what is sent, in the form in which the system shows it.
            places: what is sent, by path.

        Raises:
            Permanent: it would not be: nobody could tell whether it exists.
        """
        for use in write.keys:
            mappings = self._mappings(use.kind)
            if any(use.value in _values(row, mapping, use.kind) for mapping in mappings):
                continue
            is_elsewhere = not any(path in places for each in mappings for path in paths_of(each))
            is_placed = places.get(self.writing.keys.get(use.kind, "")) == use.value
            if not (is_placed and is_elsewhere):
                raise Permanent(
                    f"a new record would not be found by its key '{use.kind}'",
                    reason=Reason.UNSUPPORTED,
                )

    def _mappings(self, kind: str) -> list[KeyMapping]:
        """How the stream reads keys of a kind, in whatever role."""
        roles = (self.stream.defines, self.stream.refers)
        return [as_key_mapping(keys[kind]) for keys in roles if kind in keys]


def _values(row: Mapping[str, Any], mapping: KeyMapping, kind: str) -> set[str]:
    try:
        return {use.value for use in read_keys(row, mapping, kind, KeyRole.DEFINES)}
    except Misfit:
        return set()


def placeholders(write: Write, idempotency_key: str) -> dict[str, str]:
    """What stands for `{deal}`, `{id}` and `{idempotency_key}` in what is sent."""
    keys = {use.kind: use.value for use in sorted(write.keys, reverse=True)}
    return {**keys, "idempotency_key": idempotency_key, "id": write.native_id}


def build_form(
    stream: WritableStream, writing: WritingSettings, fields: EntityFields, represent: Represent
) -> Form:
    """The form of a stream's writes, from settings that were found to fit."""
    forms = {}
    for name in writing.fields:
        mapping, how = as_field_mapping(stream.map[name]), writing.field(name)
        read = converter(fields[name], zone=mapping.zone, form=mapping.format, words=mapping.values)
        path = how.to or mapping.source or name
        words = words_of(mapping, how, fields[name])
        forms[name] = FieldForm(name, path, read, mapping, how, words, represent)
    return Form(stream, writing, forms)


def words_of(
    mapping: FieldMapping, writing: FieldWriting, field_type: FieldType
) -> dict[Value, str]:
    """Canonical value to the system's word: the first one that means it, unless it is said."""
    plain = converter(field_type, zone=mapping.zone, form=mapping.format, words={})
    words: dict[Value, str] = {}
    for word, meaning in mapping.values.items():
        words.setdefault(plain(meaning), word)
    return words | {plain(meaning): word for meaning, word in writing.values.items()}


def laid_over(document: Mapping[str, Any], places: Places) -> dict[str, Any]:
    """A copy of a document with values at some paths: `billing.total` lies in `billing`."""
    copy = dict(document)
    for path, value in places.items():
        *above, last = steps_of(path)
        node = copy
        for step in above:
            inner = node.get(step)
            node[step] = dict(inner) if isinstance(inner, Mapping) else {}
            node = node[step]
        node[last] = value
    return copy


def steps_of(path: str) -> tuple[str, ...]:
    """The names that a path leads through.

    Raises:
        ValueError: it leads through a list, where nothing can be written by name.
    """
    steps = parse_path(path)
    names = tuple(step for step in steps if isinstance(step, str))
    if not names or len(names) != len(steps):
        raise ValueError(f"'{path}' leads through a list: nothing can be written there")
    return names
