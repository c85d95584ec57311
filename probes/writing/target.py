"""The record that a write is about, found through the probe's own reading."""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import TypeVar

from monitor.core.errors import Permanent, Reason
from monitor.core.model import KeyRole, KeyUse, Page, Record
from monitor.core.ports import Probe
from monitor.core.writing import Observation, Write

Target = TypeVar("Target")
"""What a writer knows of a stream that it writes to."""


def target_of(targets: Mapping[str, Target], write: Write) -> Target:
    """How the stream of a write is written.

    Raises:
        Permanent: the landscape does not say how.
    """
    target = targets.get(write.stream.stream)
    if target is None:
        raise unable("nothing can be written to this stream")
    return target


def find_record(probe: Probe, write: Write) -> Record | None:
    """By native id where the write has one, else by business key; None where there is none.

    Raises:
        Transient, Permanent: it could not be looked for, could not be read, or is not alone.
    """
    if write.native_id:
        return fetch_record(probe, write.stream.stream, write.native_id)
    return find_by_keys(probe, write)


def fetch_record(probe: Probe, stream: str, native_id: str) -> Record | None:
    """The record with this id, as the probe reads it.

    Raises:
        Permanent: what is there cannot be read.
    """
    page = _readable(probe.fetch(stream, [native_id]))
    return next((each for each in page.records if each.native_id == native_id), None)


def find_by_keys(probe: Probe, write: Write) -> Record | None:
    """The record that carries the write's keys, as the probe reads it; see `meant_by_keys`."""
    stream = write.stream.stream
    return meant_by_keys(
        write,
        probe.capabilities(stream).lookup,
        lambda use: probe.lookup(stream, use.kind, [use.value]),
    )


def meant_by_keys(
    write: Write, able: Collection[str], lookup: Callable[[KeyUse], Page]
) -> Record | None:
    """The record that carries the write's keys; a deleted one is none.

    Args:
        write: with the keys.
        able: key kinds that the source can be asked for.
        lookup: asks it for one.

    Raises:
        Permanent: the source cannot be asked for any of the keys, what is there cannot be read,
            or several records carry the keys.
    """
    carriers = _carriers(write, able, lookup)
    found = {record.native_id: record for record in carriers if not record.deleted}
    match [record for record in found.values() if _is_meant(record, write.keys)]:
        case []:
            return None
        case [record]:
            return record
        case several:
            raise Permanent(
                f"{len(several)} records carry the keys of the one to be written",
                reason=Reason.CONFLICT,
            )


def require_seen(seen: Observation) -> Record:
    """The record that a write changes.

    Raises:
        Permanent: there was none, or it is deleted.
    """
    if seen.record is None or seen.record.deleted:
        raise Permanent("there is no such record any more", reason=Reason.NOT_FOUND)
    return seen.record


def require_absent(record: Record | None) -> None:
    """See that nothing has the keys of what shall be created.

    Raises:
        Permanent: a record has them.
    """
    if record is not None and not record.deleted:
        raise conflict("a record with these keys exists")


def require_same(seen: Record, now: Record | None) -> None:
    """See that a record is still as it was observed.

    Raises:
        Permanent: somebody changed or deleted it.
    """
    if now is None or now.version != seen.version:
        raise conflict("the record is no longer as it was observed")


def conflict(what: str) -> Permanent:
    """The refusal of a write because the target is not as it was seen."""
    return Permanent(what, reason=Reason.CONFLICT)


def unable(what: str) -> Permanent:
    """The refusal of a write that the landscape does not declare."""
    return Permanent(what, reason=Reason.UNSUPPORTED)


def _carriers(
    write: Write, able: Collection[str], lookup: Callable[[KeyUse], Page]
) -> Iterator[Record]:
    """Records with any of the keys that the source can be asked for."""
    findable = [use for use in sorted(write.keys) if use.kind in able]
    if not findable:
        raise unable("the source cannot be asked for any key of the record")
    for use in findable:
        yield from _readable(lookup(use)).records


def _is_meant(record: Record, keys: tuple[KeyUse, ...]) -> bool:
    """What has all the keys is meant, and so is what defines one: no two records do.

    The role in which the write names a key is that of the record from which it was copied.
    """
    wanted = {(use.kind, use.value) for use in keys}
    carried = {(use.kind, use.value) for use in record.keys}
    defined = {(use.kind, use.value) for use in record.keys if use.role is KeyRole.DEFINES}
    return carried >= wanted or bool(defined & wanted)


def _readable(page: Page) -> Page:
    if page.rejects:
        raise Permanent(
            "a record with this id or key cannot be read by the stream's mapping",
            reason=Reason.SCHEMA,
        )
    return page
