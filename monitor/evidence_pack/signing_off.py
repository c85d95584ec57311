"""Who prepared a report and who reviewed it: two people, in this order, each once."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from monitor.core.errors import Permanent, Reason
from monitor.store.audit import append_audit
from monitor.store.bulk import hold
from monitor.store.database import Database
from monitor.store.reports import SignOff, add_sign_off, list_sign_offs, load_report


class SignOffRole(StrEnum):
    """As what somebody signs a report off."""

    PREPARER = "preparer"
    REVIEWER = "reviewer"


def find_objection(role: SignOffRole, who: str, earlier: Sequence[SignOff]) -> str | None:
    """Why somebody may not sign a report off; None where he may.

    Args:
        role: as what.
        who: the person.
        earlier: who signed the same report before.
    """
    by_role = {each.role: each.who for each in earlier}
    if role in by_role:
        return f"its {role.value} has signed it already"
    if role is SignOffRole.REVIEWER:
        if SignOffRole.PREPARER not in by_role:
            return "nobody has signed it as its preparer yet"
        if by_role[SignOffRole.PREPARER].casefold() == who.casefold():
            return "whoever prepared a report does not review it"
    return None


def sign_report_off(
    database: Database, number: int, role: SignOffRole, who: str, why: str, now: datetime
) -> SignOff:
    """Note that somebody signed a report off, here and in the audit log.

    Reports of the same flow or deal that are made later state it on their sheet Sign-off.

    Raises:
        Permanent: there is no such report, or this person may not sign it as this.
        Transient: the store failed.
    """
    with database.write() as connection:
        hold(connection, "sign_off")
        entry = load_report(connection, number)
        if entry is None:
            raise Permanent(f"there is no report {number}", reason=Reason.NOT_FOUND)
        objection = find_objection(role, who, list_sign_offs(connection, number))
        if objection is not None:
            raise Permanent(f"report {number}: {objection}", reason=Reason.REFUSED)
        signed = SignOff(entry.request["name"], number, role.value, who, why, now)
        add_sign_off(connection, signed)
        append_audit(
            connection,
            at=now,
            who=who,
            action="sign report off",
            subject=f"report {number}",
            detail={"role": role.value, "why": why, "pack": entry.pack_hash},
        )
    return signed
