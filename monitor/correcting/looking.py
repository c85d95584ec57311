"""Look at a write's target through the probe; what is seen is kept for the next cycle to judge."""

from monitor.core.clock import Clock
from monitor.core.errors import Permanent, Reason
from monitor.core.flows import HandOffSettings
from monitor.core.model import KeyUse, Page, Record, StreamId
from monitor.core.writing import Operation, Write
from monitor.correcting.task import Task
from monitor.estate import Estate, Source
from monitor.sampling import store_page
from monitor.store.database import Database
from monitor.store.records import mark_deleted
from monitor.store.touches import touch_records


def read_back(
    task: Task, write: Write, estate: Estate, database: Database, clock: Clock
) -> Record | None:
    """The target as the probe reads it now: by id where that is known, else by business key.

    Raises:
        Transient, Permanent: it could not be read; nothing is known of it.
    """
    source = _source(estate, write.stream)
    native_id = write.native_id or task.entry.native_id
    if native_id and source.capabilities.fetch:
        page = source.probe.fetch(write.stream.stream, [native_id])
        gone = {native_id} - {each.native_id for each in page.records}
        _keep(source, _readable(page), gone, database, clock)
        return next((each for each in page.records if each.native_id == native_id), None)
    found = _find(source, write.keys, database, clock)
    meant = [each for each in found if _carries(each, write.keys)]
    return next(
        (each for each in meant if each.native_id == native_id), meant[0] if meant else None
    )


def observe_target(
    task: Task, write: Write, estate: Estate, database: Database, clock: Clock
) -> tuple[bool | None, Record | None]:
    """What shows of a write of unknown outcome: its effect, as of `see_effect`, and its record.

    Raises:
        Transient, Permanent: it could not be looked at; nothing is known of it.
    """
    writer = estate.writer(write.stream.system)
    if writer is None:
        raise Permanent("nothing writes to this system any more", reason=Reason.CONFIGURATION)
    has_effect = see_effect(task, estate, database, clock)
    return has_effect, writer.observe(write).record


def see_effect(task: Task, estate: Estate, database: Database, clock: Clock) -> bool | None:
    """Whether what a replay or a trigger brings about is there; None where nothing is named.

    Raises:
        Transient, Permanent: it could not be looked for; nothing is known of it.
    """
    write = task.correction.write
    if write is None or write.operation not in (Operation.REPLAY, Operation.TRIGGER):
        return None
    effect = _effect_of(task, write, estate)
    if effect is None:
        return None
    return bool(_find(_source(estate, effect), write.keys, database, clock))


def _effect_of(task: Task, write: Write, estate: Estate) -> StreamId | None:
    """Where the effect would be seen: as the policy says, or else where the hand-off leads to."""
    policy, flow = task.policy, estate.flow(task.plan.flow)
    if policy is not None and policy.effect is not None:
        return StreamId.parse(policy.effect)
    rule = None if flow is None else flow.settings.get(task.correction.rule)
    if not isinstance(rule, HandOffSettings):
        return None
    source = estate.sources.get(StreamId.parse(rule.to))
    is_findable = source is not None and any(
        use.kind in source.capabilities.lookup for use in write.keys
    )
    return StreamId.parse(rule.to) if is_findable else None


def _find(
    source: Source, keys: tuple[KeyUse, ...], database: Database, clock: Clock
) -> list[Record]:
    """Records that have any of the keys that can be asked for."""
    askable = [use for use in sorted(keys) if use.kind in source.capabilities.lookup]
    if not askable:
        raise Permanent(
            f"{source.id} cannot be asked for any key of the record", reason=Reason.UNSUPPORTED
        )
    found: dict[str, Record] = {}
    for use in askable:
        page = source.probe.lookup(source.id.stream, use.kind, [use.value])
        _keep(source, _readable(page), set(), database, clock)
        found |= {each.native_id: each for each in page.records if not each.deleted}
    return [found[native_id] for native_id in sorted(found)]


def _keep(source: Source, page: Page, gone: set[str], database: Database, clock: Clock) -> None:
    """Store what was read, and have the next cycle look at it whether or not it is news."""
    with database.write() as connection:
        store_page(connection, source.id, page, clock(), authoritative=True)
        mark_deleted(connection, source.id, sorted(gone), clock())
        touch_records(connection, source.id, gone | {each.native_id for each in page.records})


def _carries(record: Record, keys: tuple[KeyUse, ...]) -> bool:
    """Whether a record has every key, in whatever role: a new one may come to refer or define."""
    carried = {(use.kind, use.value) for use in record.keys}
    return carried.issuperset((use.kind, use.value) for use in keys)


def _readable(page: Page) -> Page:
    if page.rejects:
        raise Permanent("what is there cannot be read", reason=Reason.MALFORMED)
    return page


def _source(estate: Estate, stream: StreamId) -> Source:
    source = estate.sources.get(stream)
    if source is None:
        raise Permanent(f"the landscape has no {stream} any more", reason=Reason.CONFIGURATION)
    return source
