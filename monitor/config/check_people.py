"""Whether people can be told apart, and those who approve may."""

from collections.abc import Iterator

from monitor.config.issues import Problem, did_you_mean
from monitor.config.landscape import Landscape
from monitor.core.approvals import POLICY, is_same_person
from monitor.core.people import GRANTS, Permission

NOBODY = (POLICY, "tieout")
"""Names in the audit log of what goes by itself."""


def check_people(landscape: Landscape) -> Iterator[Problem]:
    """Everything said of people that cannot be meant."""
    yield from _check_told_apart(landscape)
    people = landscape.people
    for name in landscape.corrections.approvers:
        path = ("corrections", "approvers", name)
        if name in NOBODY:
            message = f"'{name}' is no person's name: it stands for what goes by itself"
            yield Problem(path, message, at_key=True)
        elif people and name not in people:
            message = f"'{name}' is not among the people{did_you_mean(name, people)}"
            yield Problem(path, message, at_key=True)
        elif people and not any(Permission.DECIDE in GRANTS[role] for role in people[name].roles):
            message = f"'{name}' may not approve: give them the role 'approver' under 'people'"
            yield Problem(path, message, at_key=True)


def _check_told_apart(landscape: Landscape) -> Iterator[Problem]:
    """No two people share what they are known by."""
    members: dict[str, str] = {}
    addresses: dict[str, str] = {}
    for name, person in landscape.people.items():
        if any(is_same_person(name, other) for other in NOBODY):
            message = f"'{name}' is no person's name: it stands for what goes by itself"
            yield Problem(("people", name), message, at_key=True)
        for key, value, known in (
            ("slack", person.slack, members),
            ("email", person.email and person.email.casefold(), addresses),
        ):
            if value and known.setdefault(value, name) != name:
                yield Problem(("people", name, key), f"'{known[value]}' is known by it already")
