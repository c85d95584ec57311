"""The scene of a break: its deal's records and what is known of the streams, to plan from."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from monitor.core.entities import EntityFields
from monitor.core.flows import RuleSettings
from monitor.core.model import Record, StreamId
from monitor.core.streams import StreamSettings
from monitor.core.writing import Abilities, Operation, Safety


@dataclass(frozen=True, slots=True)
class Scene:
    """What a correction of one break can be formed from; nothing else decides it.

    Attributes:
        key: key kind that names the flow's transactions.
        rule: settings of the rule that found the break; None where it is gone.
        of_record: by field, the stream that owns it.
        streams: settings of each stream.
        fields: canonical fields by stream.
        abilities: what can be written, by stream that can be written to.
        records: of the break's transaction, and what else shares a key with it where an effect
            would be seen.
    """

    key: str
    rule: RuleSettings | None
    of_record: Mapping[str, StreamId]
    streams: Mapping[StreamId, StreamSettings]
    fields: Mapping[StreamId, EntityFields]
    abilities: Mapping[StreamId, Abilities]
    records: tuple[Record, ...] = field(default_factory=tuple)

    def of_stream(self, stream: StreamId) -> list[Record]:
        """The records of one stream."""
        return [each for each in self.records if each.stream == stream]

    def find(self, stream: StreamId, native_id: str) -> Record | None:
        """One record by its native id; None where it is not there."""
        return next((each for each in self.of_stream(stream) if each.native_id == native_id), None)

    def safety(self, stream: StreamId, operation: Operation) -> Safety | None:
        """What keeps an operation safe; None where it cannot be done."""
        able = self.abilities.get(stream)
        return None if able is None else able.operations.get(operation)


def shares_every_key(one: Record, other: Record) -> bool:
    """Whether two records are about the same thing: alike in every kind of key that both have."""
    kinds = {use.kind for use in one.keys} & {use.kind for use in other.keys}
    return bool(kinds) and all(_values(one, kind) & _values(other, kind) for kind in kinds)


def has_key(record: Record, kind: str, value: str) -> bool:
    """Whether a record uses a key, in whatever role."""
    return value in _values(record, kind)


def _values(record: Record, kind: str) -> set[str]:
    return {use.value for use in record.keys if use.kind == kind}
