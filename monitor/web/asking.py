"""Who asks, and whether they may have what they ask for."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from fastapi import Request

from monitor.core.accounts import ApiToken, Session
from monitor.core.people import Limits, Permission, Person, Thing, Verdict, may

READING: Final = frozenset({Permission.READ, Permission.READ_LOG, Permission.METRICS})
"""What is open to everybody on the machine itself, where the landscape names no people."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Whoever asks for something.

    Attributes:
        person: who it is; None where nobody has said so, or nobody can.
        permissions: what they may do here; with a token fewer than the person may.
        form_token: what each form of theirs must carry; empty where no browser logged them in.
        is_on_machine: they are on the machine itself, by a name of its own.
        can_log_in: the landscape names people, of whom this may be one.
        by: the session or the token by which they are known.
        to_note: notes that they were seen; None where that need not be.
    """

    person: Person | None = None
    permissions: frozenset[Permission] = frozenset()
    form_token: str = ""
    is_on_machine: bool = False
    can_log_in: bool = False
    by: Session | ApiToken | None = None
    to_note: Callable[[], None] | None = None

    def can(self, permission: Permission | str) -> bool:
        """Whether they may do this: pages show nobody what they may not have."""
        return permission in self.permissions

    @property
    def limits(self) -> Limits | None:
        """Whose deals alone they see; None: everybody's."""
        return None if self.person is None else self.person.limits

    @property
    def name(self) -> str:
        """By which the audit log knows them; empty where nobody knows who it is."""
        return "" if self.person is None else self.person.name


@dataclass(frozen=True, slots=True)
class Need:
    """What a route needs of whoever asks for it.

    Attributes:
        permission: what they must be allowed to do; None: nothing in particular.
        is_open: nobody need say who they are.
        on_machine: programs on the machine itself need not say so either.
        thing: what the address names by its only place; who sees some companies or regions alone
            is told that there is none where it is not theirs.
        is_narrowed: the route itself shows such people only what is theirs. What is neither is not
            for them at all.
    """

    permission: Permission | None = None
    is_open: bool = False
    on_machine: bool = False
    thing: Thing | None = None
    is_narrowed: bool = False

    @property
    def is_for_all(self) -> bool:
        """Whether it tells nothing of anybody's deals, or of those alone who may know."""
        return self.permission is None or self.is_narrowed or self.thing is not None


def may_ask(asker: Asker, need: Need) -> Verdict:
    """Whether somebody may have what a route gives, and why not."""
    if need.is_open or (need.on_machine and asker.is_on_machine):
        return Verdict(True)
    if need.permission is None:
        return Verdict(asker.person is not None, "nobody is logged in")
    if need.permission in asker.permissions:
        is_for_them = asker.limits is None or need.is_for_all
        why = "this tells of all companies and regions, and you see some of them"
        return Verdict(is_for_them, "" if is_for_them else why)
    if asker.person is not None and may(asker.person, need.permission).is_allowed:
        return Verdict(False, f"this token of {asker.name} may not do this")
    if asker.person is None and not asker.can_log_in:
        return Verdict(False, "nobody may act here: the landscape names no people")
    return may(asker.person, need.permission)


def asker_of(request: Request) -> Asker:
    """Who asks, as the guard of every route found out."""
    asker: Asker = request.state.asker
    return asker
