"""Undo: the reverse of a correction is planned from what was kept of the record before it.

The plan is guarded, approved and applied as any other; what cannot be taken back is said.
"""

from dataclasses import replace

from monitor.core.clock import Clock
from monitor.core.corrections import Correction, Fix, Mode, Plan
from monitor.core.errors import Permanent, Reason
from monitor.core.policies import PolicySettings
from monitor.core.pre_images import decode_record
from monitor.core.writing import Observation, Operation, Write, Writer
from monitor.correcting.planning import Draft, find_flow, guard_draft
from monitor.correcting.reversing import reverse, why_not_undone
from monitor.correcting.task import Task, load_task
from monitor.estate import Estate
from monitor.store.corrections import LIVE, undone_by
from monitor.store.database import Database


def draft_undo(
    estate: Estate, database: Database, number: int, requester: str, clock: Clock
) -> Draft:
    """What would take a correction back, from a fresh look at its record.

    Args:
        estate: the landscape.
        database: the store.
        number: of the correction.
        requester: who asks.
        clock: the present.

    Raises:
        Permanent: there is no such correction, or it cannot be taken back and why, or its system
            refuses to be looked at.
        Transient: the store failed, or the record cannot be looked at now.
    """
    task = _load(estate, database, number, requester)
    formed = _form(task, estate)
    if isinstance(formed, str):
        raise Permanent(f"correction {number} cannot be undone: {formed}", reason=Reason.REFUSED)
    flow, now = find_flow(estate, task.plan.flow), clock()
    plan = Plan(
        flow=flow.name,
        mode=Mode.PROPOSE,
        requester=requester,
        made_at=now,
        expires_at=now + estate.corrections.expires,
        policies=flow.policies_digest,
        corrections=(formed,),
    )
    return guard_draft(plan, (), frozenset(), estate, database, clock)


def _load(estate: Estate, database: Database, number: int, requester: str) -> Task:
    with database.read() as connection:
        task = load_task(connection, estate, number, requester)
        under_way = [each for each in undone_by(connection, number) if each.state in LIVE]
    if task is None:
        raise Permanent(f"there is no correction {number}", reason=Reason.NOT_FOUND)
    if under_way:
        raise Permanent(
            f"correction {number} is being undone by plan {under_way[0].plan[:12]}",
            reason=Reason.REFUSED,
        )
    return task


def _form(task: Task, estate: Estate) -> Correction | str:
    done, entry = task.correction, task.entry
    write, why = done.write, why_not_undone(done, entry.state)
    if write is None or why:
        return why
    writer = estate.writer(write.stream.system)
    if writer is None:
        return "nothing writes to its system any more"
    before = None
    if entry.pre_image is not None:
        before = decode_record(entry.pre_image, write.stream, estate.fields[write.stream])
    now = _look(writer, write, entry.native_id)
    abilities = writer.abilities(write.stream.stream)
    return reverse(done, entry, before, now.record, abilities, _closing(task, estate))


def _look(writer: Writer, write: Write, native_id: str) -> Observation:
    """The record as it is, by the number that it has by now."""
    return writer.observe(replace(write, operation=Operation.UPDATE, native_id=native_id))


def _closing(task: Task, estate: Estate) -> PolicySettings | None:
    """How records of the stream are closed, where some policy of the flow says so."""
    write, flow = task.correction.write, estate.flow(task.plan.flow)
    if write is None or flow is None:
        return None
    checked = {rule.name for rule in flow.rules if write.stream in rule.needs}
    policies = (flow.policies[rule] for rule in sorted(checked & flow.policies.keys()))
    return next((each for each in policies if each.fix is Fix.CLOSE and each.set), None)
