"""People: who may do what.

A person has roles, a role grants permissions, and what no role grants is denied. Roles are those of
the field: who works on breaks does not approve what repairs them, who administers users does
neither, and auditors read everything and change nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field

from monitor.core.streams import Name, Settings


class Permission(StrEnum):
    """Something that people do with tieout."""

    READ = "read"
    """Look at deals, breaks, incidents, plans and reports."""
    METRICS = "metrics"
    """Look at metrics, which name no deal; all that whoever collects them needs."""
    READ_LOG = "read_log"
    """Look at the audit log, and at who may do what."""
    EXPORT = "export"
    """Make reports and take them away."""
    HANDLE = "handle"
    """Acknowledge, assign and snooze incidents; silence them."""
    IGNORE = "ignore"
    """Set breaks aside with a reason, and decide about duplicates."""
    PROPOSE = "propose"
    """Ask for a plan of corrections, or for the undoing of one."""
    DECIDE = "decide"
    """Approve or reject what somebody else asked for."""
    HALT = "halt"
    """Stop all corrections at once."""
    RESUME = "resume"
    """Let corrections go on after a halt."""
    SIGN_OFF = "sign_off"
    """Sign a report as its preparer or its reviewer."""
    ADMINISTER = "administer"
    """Give and take access: passwords, tokens, sessions."""


class Role(StrEnum):
    """What somebody is to tieout."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    APPROVER = "approver"
    AUDITOR = "auditor"
    ADMIN = "admin"


GRANTS: Final[Mapping[Role, frozenset[Permission]]] = {
    Role.VIEWER: frozenset({Permission.READ, Permission.METRICS}),
    Role.OPERATOR: frozenset(
        {
            Permission.READ,
            Permission.METRICS,
            Permission.EXPORT,
            Permission.HANDLE,
            Permission.IGNORE,
            Permission.PROPOSE,
            Permission.HALT,
            Permission.SIGN_OFF,
        }
    ),
    Role.APPROVER: frozenset(
        {
            Permission.READ,
            Permission.METRICS,
            Permission.EXPORT,
            Permission.DECIDE,
            Permission.HALT,
            Permission.RESUME,
            Permission.SIGN_OFF,
        }
    ),
    Role.AUDITOR: frozenset(
        {Permission.READ, Permission.METRICS, Permission.READ_LOG, Permission.EXPORT}
    ),
    Role.ADMIN: frozenset(
        {
            Permission.READ,
            Permission.METRICS,
            Permission.READ_LOG,
            Permission.HALT,
            Permission.ADMINISTER,
        }
    ),
}
"""What each role may; nothing else."""


class PersonSettings(Settings):
    """Somebody who may act, under the name that the audit log gives them."""

    roles: tuple[Role, ...] = Field(min_length=1)
    """`viewer`, `operator`, `approver`, `auditor`, `admin`; together they grant what each does."""
    slack: Annotated[str, Field(pattern=r"^[UW][A-Z0-9]{2,30}$")] | None = None
    """Member id in Slack; None: clicks of nobody there are theirs."""
    email: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$", max_length=254)] | None = None
    """By which a log-in elsewhere knows them."""
    legal_entities: tuple[str, ...] = ()
    """Companies of the firm whose deals are shown to them; empty: all."""
    regions: tuple[str, ...] = ()
    """Regions whose deals are shown to them; empty: all."""


class Thing(StrEnum):
    """What belongs to a company and a region, because the deals that it is about do."""

    DEAL = "deal"
    BREAK = "break"
    PLAN = "plan"
    CORRECTION = "correction"


@dataclass(frozen=True, slots=True)
class Limits:
    """Whose deals somebody sees: of these companies, and of these regions; empty: of all."""

    legal_entities: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody whom the landscape names.

    Attributes:
        name: as in the landscape and in the audit log.
        settings: roles, and by what others know them.
    """

    name: str
    settings: PersonSettings

    @property
    def permissions(self) -> frozenset[Permission]:
        """Everything that some role of theirs grants."""
        return frozenset().union(*(GRANTS[role] for role in self.settings.roles))

    @property
    def sees_everything(self) -> bool:
        """Whether deals of every company and region are shown to them."""
        return not (self.settings.legal_entities or self.settings.regions)

    @property
    def limits(self) -> Limits | None:
        """Whose deals alone are shown to them; None: everybody's."""
        if self.sees_everything:
            return None
        return Limits(self.settings.legal_entities, self.settings.regions)

    def sees(self, legal_entity: str | None, region: str | None) -> bool:
        """Whether a deal is shown to them.

        A deal that does not name its company is hidden from people who see only some companies:
        what is not known to be theirs is not shown. The same holds for regions.
        """
        companies, regions = self.settings.legal_entities, self.settings.regions
        is_theirs = not companies or legal_entity in companies
        return is_theirs and (not regions or region in regions)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether somebody may do something, and why not."""

    is_allowed: bool
    why: str = ""


def may(person: Person | None, permission: Permission) -> Verdict:
    """Whether somebody may do something; nobody whom the landscape does not name may do anything.

    Args:
        person: None for somebody unknown.
        permission: what they want to do.
    """
    if person is None:
        return Verdict(False, "you are not among the people whom the landscape names")
    if permission in person.permissions:
        return Verdict(True)
    able = " or ".join(role.value for role in Role if permission in GRANTS[role])
    return Verdict(False, f"{person.name} lacks the role that may do this: {able}")


class People:
    """Everybody whom a landscape names."""

    def __init__(self, settings: Mapping[Name, PersonSettings]) -> None:
        self._named = {name: Person(name, each) for name, each in settings.items()}
        self._in_slack = {
            each.settings.slack: each for each in self._named.values() if each.settings.slack
        }
        self._by_email = {
            each.settings.email.casefold(): each
            for each in self._named.values()
            if each.settings.email
        }

    def __bool__(self) -> bool:
        """Whether it names anybody."""
        return bool(self._named)

    def everybody(self) -> list[Person]:
        """All of them, by name."""
        return [self._named[name] for name in sorted(self._named)]

    def named(self, name: str) -> Person | None:
        """The person of this name; None where there is none."""
        return self._named.get(name)

    def in_slack(self, member: str) -> Person | None:
        """Whose member id in Slack it is; None where it is nobody's."""
        return self._in_slack.get(member)

    def with_email(self, address: str) -> Person | None:
        """Whose address it is, in whatever case it is written; None where it is nobody's."""
        return self._by_email.get(address.casefold())
