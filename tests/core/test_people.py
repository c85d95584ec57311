"""Who may do what: denied unless some role grants it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.people import GRANTS, People, Permission, Person, PersonSettings, Role, may

ROLES = st.lists(st.sampled_from(list(Role)), min_size=1, unique=True)
CHANGES = {
    Permission.HANDLE,
    Permission.IGNORE,
    Permission.PROPOSE,
    Permission.DECIDE,
    Permission.HALT,
    Permission.RESUME,
    Permission.SIGN_OFF,
    Permission.ADMINISTER,
}


def person(*roles: Role) -> Person:
    return Person("ann", PersonSettings(roles=roles))


def test_every_role_says_what_it_grants_and_reads() -> None:
    assert set(GRANTS) == set(Role)
    assert all(Permission.READ in GRANTS[role] for role in Role)


def test_every_permission_is_granted_by_some_role() -> None:
    assert frozenset().union(*GRANTS.values()) == set(Permission)


@pytest.mark.parametrize("permission", list(Permission))
def test_somebody_unknown_may_do_nothing(permission: Permission) -> None:
    assert not may(None, permission).is_allowed


@pytest.mark.parametrize("permission", sorted(CHANGES))
def test_an_auditor_and_a_viewer_change_nothing(permission: Permission) -> None:
    verdict = may(person(Role.AUDITOR, Role.VIEWER), permission)
    assert not verdict.is_allowed
    assert "ann lacks the role" in verdict.why


def test_no_single_role_both_asks_for_a_plan_and_approves_it() -> None:
    asks, decides = Permission.PROPOSE, Permission.DECIDE
    assert not [role for role in Role if {asks, decides} <= GRANTS[role]]


def test_who_gives_access_neither_works_on_breaks_nor_approves() -> None:
    work = {Permission.HANDLE, Permission.IGNORE, Permission.PROPOSE, Permission.DECIDE}
    assert not GRANTS[Role.ADMIN] & work


@given(ROLES, st.sampled_from(list(Permission)))
def test_a_person_may_what_any_of_their_roles_grants(
    roles: list[Role], permission: Permission
) -> None:
    granted = any(permission in GRANTS[role] for role in roles)
    verdict = may(person(*roles), permission)
    assert verdict.is_allowed is granted
    assert bool(verdict.why) is not granted


def test_who_sees_some_companies_sees_no_deal_that_names_none() -> None:
    some = Person("ann", PersonSettings(roles=(Role.VIEWER,), legal_entities=("DE01",)))
    assert some.sees("DE01", None)
    assert not some.sees("FR01", None)
    assert not some.sees(None, "emea")
    assert not some.sees_everything
    assert person(Role.VIEWER).sees(None, None)


def test_people_are_found_by_what_they_are_known_by() -> None:
    settings = PersonSettings(roles=(Role.VIEWER,), slack="U0ANN", email="Ann@firm.example")
    people = People({"ann": settings, "bob": PersonSettings(roles=(Role.ADMIN,))})
    ann = people.named("ann")
    assert people.in_slack("U0ANN") == people.with_email("ann@FIRM.example") == ann
    assert ann is not None
    assert people.in_slack("") is people.with_email("") is people.named("eve") is None
    assert [each.name for each in people.everybody()] == ["ann", "bob"]
