"""Profiling: fold the rows that a look brought into what is known of their stream.

Pure, and bounded: what is kept grows neither with the rows nor with the variety of their values.
"""

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Final, TypeVar

from monitor.core.model import Record, Reject
from monitor.core.shapes import EMPTY, ValueType
from monitor.core.statistics import FieldProfile, LateRow, Sighting, StreamProfile

Thing = TypeVar("Thing", bound=Hashable)

MOST_WORDS: Final = 50
"""A field with more different texts is no list of words."""

LONGEST_WORD: Final = 60
"""Characters; longer text is prose."""

MOST_LATE: Final = 20
"""Late rows that are kept of a day."""

_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)

LEAST_BEHIND: Final = timedelta(minutes=1)
"""What is stamped less than this before the last look's end was merely committed late."""


@dataclass(frozen=True, slots=True)
class Fresh:
    """What a page brought that was not known before.

    Attributes:
        arrived: records first seen.
        changed: records whose state changed.
        rejects: rows set aside that were not set aside in this form before.
    """

    arrived: Sequence[Record] = ()
    changed: Sequence[Record] = ()
    rejects: Sequence[Reject] = ()

    def __bool__(self) -> bool:
        return bool(self.arrived or self.changed or self.rejects)


def profile_rows(
    profile: StreamProfile, fresh: Fresh, looked_until: datetime | None, now: datetime
) -> StreamProfile:
    """The profile with these rows counted in.

    Args:
        profile: as it was.
        fresh: the rows.
        looked_until: source time up to which every change had been read before they came; None
            while a stream is read in full to catch up, when the mix of old rows says little about
            new ones.
        now: the present by our clock.
    """
    if not fresh:
        return profile
    is_live = looked_until is not None
    rows: list[Record | Reject] = [*fresh.arrived, *fresh.changed, *fresh.rejects]
    fields = dict(profile.fields)
    for name, types in _types_by_field(rows, profile.rows, now).items():
        known = fields.get(name) or FieldProfile(after_row=profile.rows)
        fields[name] = FieldProfile(
            after_row=known.after_row,
            types=_merged(known.types, types),
            words=_words(known.words, rows, name, profile.rows, now),
            lately=_lately(known.lately, types) if is_live else known.lately,
        )
    return replace(
        profile,
        rows=profile.rows + len(rows),
        began_at=profile.began_at or now,
        last_row_at=max(
            profile.last_row_at or _LONG_AGO,
            *(visible_at(each, looked_until, now) for each in stamps_of(fresh)),
        ),
        standard_at=profile.standard_at if is_live else now,
        fields=fields,
    )


def late_rows(fresh: Fresh, looked_until: datetime | None, now: datetime) -> list[LateRow]:
    """Rows stamped before what had been read completely, the latest of them first.

    Args:
        fresh: the rows; those set aside have no stamp that can be trusted.
        looked_until: source time up to which every change had been read before they came; None
            where the stream was not looked at before, so that nothing can be late.
        now: the present by our clock.
    """
    if looked_until is None:
        return []
    stamps = [(each, birth_of(each)) for each in fresh.arrived]
    stamps += [(each, each.modified_at) for each in fresh.changed]
    late = [
        LateRow(each.native_id, stamp, now, looked_until - stamp)
        for each, stamp in stamps
        if stamp is not None and looked_until - stamp >= LEAST_BEHIND
    ]
    return most_behind(late)


def most_behind(late: Iterable[LateRow]) -> list[LateRow]:
    """The bounded number of them that is kept."""
    return sorted(late, key=lambda row: (-row.behind, row.native_id))[:MOST_LATE]


def days_of(
    stamps: Iterable[datetime | None], looked_until: datetime | None, now: datetime
) -> Counter[date]:
    """On how many of which days (UTC) rows with these stamps came to be visible."""
    return Counter(visible_at(stamp, looked_until, now).date() for stamp in stamps)


def visible_at(stamp: datetime | None, looked_until: datetime | None, now: datetime) -> datetime:
    """When a row with this stamp came to be visible.

    Not before the last complete look, which did not show it, and not after the present; between
    the two its own stamp decides. So what was missed while nobody looked, and what the first look
    brings, counts for the day on which it happened.
    """
    return min(max(stamp or now, looked_until or _LONG_AGO), now)


def stamps_of(fresh: Fresh) -> Iterator[datetime | None]:
    """When each row was born or changed, as its source says; None for one that does not say."""
    yield from map(birth_of, fresh.arrived)
    yield from (each.modified_at for each in fresh.changed)
    yield from (None for _ in fresh.rejects)


def birth_of(record: Record) -> datetime | None:
    """When the record was created, as its source says: else the stamp of its last change."""
    created = record.fields.get("created_at")
    return created if isinstance(created, datetime) else record.modified_at


def _types_by_field(
    rows: Sequence[Record | Reject], before: int, now: datetime
) -> dict[str, dict[ValueType, Sighting]]:
    """Few shapes stand for many rows, so each is looked into once."""
    fields: dict[str, dict[ValueType, Sighting]] = {}
    for shape, seen in _sightings([row.shape for row in rows], before, now).items():
        for name, kind in shape:
            fields[name] = _merged(fields.get(name, {}), {kind: seen})
    return fields


def _words(
    known: Mapping[str, Sighting] | None,
    rows: Sequence[Record | Reject],
    name: str,
    before: int,
    now: datetime,
) -> Mapping[str, Sighting] | None:
    if known is None:
        return None
    values = [row.fields.get(name) if isinstance(row, Record) else None for row in rows]
    texts = [value if isinstance(value, str) else "" for value in values]
    words = {text: seen for text, seen in _sightings(texts, before, now).items() if text}
    merged = _merged(known, words)
    is_prose = len(merged) > MOST_WORDS or any(len(word) > LONGEST_WORD for word in words)
    return None if is_prose else merged


def _lately(known: tuple[int, int], types: Mapping[ValueType, Sighting]) -> tuple[int, int]:
    rows = sum(seen.rows for seen in types.values())
    filled = sum(seen.rows for kind, seen in types.items() if kind not in EMPTY)
    return known[0] + rows, known[1] + filled


def _sightings(things: Sequence[Thing], before: int, now: datetime) -> dict[Thing, Sighting]:
    """What was seen, by thing; the first of them is row `before` + 1."""
    numbers = range(before + 1, before + 1 + len(things))
    last = dict(zip(things, numbers, strict=True))
    first = dict(zip(reversed(things), reversed(numbers), strict=True))
    rows = Counter(things)
    return {thing: Sighting(rows[thing], first[thing], last[thing], now) for thing in rows}


def _merged(
    known: Mapping[Thing, Sighting], seen: Mapping[Thing, Sighting]
) -> dict[Thing, Sighting]:
    merged = dict(known)
    for thing, later in seen.items():
        earlier = merged.get(thing)
        merged[thing] = later if earlier is None else earlier + later
    return merged
