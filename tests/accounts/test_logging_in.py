"""Who gets in, who waits, and what is remembered of it."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from monitor.accounts import managing
from monitor.accounts.lockout import BY_ADDRESS, BY_NAME
from monitor.accounts.recognising import note_seen, recognise_session
from monitor.core.people import People
from monitor.store.audit_log import list_audit
from monitor.store.sessions import list_sessions
from tests.accounts.conftest import PASSWORD, PEOPLE, House

WRONG = "wind under the harbour"


def logged(house: House) -> list[tuple[str, str]]:
    with house.database.read() as connection:
        return [(each.who, each.action) for each in list_audit(connection)][::-1]


def test_a_password_opens_a_session_that_ends_by_itself(house: House) -> None:
    token = house.log_in().token
    seen = recognise_session(house.database, PEOPLE, token, house.now)
    assert seen is not None
    assert seen.person.name == "ann"
    assert not seen.is_to_note(house.now)
    house.later(minutes=59)
    assert recognise_session(house.database, PEOPLE, token, house.now) is not None
    note_seen(house.database, seen, house.now)
    house.later(minutes=59)
    assert recognise_session(house.database, PEOPLE, token, house.now) is not None
    house.later(minutes=1)
    assert recognise_session(house.database, PEOPLE, token, house.now) is None


def test_a_session_ends_after_half_a_day_however_busy(house: House) -> None:
    token = house.log_in().token
    for _ in range(24):
        seen = recognise_session(house.database, PEOPLE, token, house.now)
        assert seen is not None
        note_seen(house.database, seen, house.now)
        house.later(minutes=30)
    assert recognise_session(house.database, PEOPLE, token, house.now) is None


def test_whom_the_landscape_names_no_more_is_nobody_at_once(house: House) -> None:
    token = house.log_in().token
    assert recognise_session(house.database, People({}), token, house.now) is None


@pytest.mark.parametrize(
    ("name", "password"), [("ann", WRONG), ("bob", PASSWORD), ("stranger", PASSWORD), ("", "")]
)
def test_who_fails_does_not_learn_why(house: House, name: str, password: str) -> None:
    entry = house.log_in(name, password)
    assert (entry.token, entry.wait_until) == ("", None)


@pytest.mark.parametrize("name", ["ann", "stranger"])
def test_who_keeps_failing_waits_ever_longer_whether_the_name_exists_or_not(
    house: House, name: str
) -> None:
    for number in range(BY_NAME.free):
        assert house.log_in(name, WRONG, f"192.0.2.{number}").wait_until is None
    waits = []
    for number in range(9):
        until = house.log_in(name, WRONG, f"198.51.100.{number}").wait_until
        assert until is not None
        waits.append(until - house.now)
        house.now = until
    minutes = [wait // timedelta(minutes=1) for wait in waits]
    assert minutes == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_during_the_wait_even_the_right_password_is_not_looked_at(house: House) -> None:
    for _ in range(BY_NAME.free + 1):
        house.log_in(password=WRONG)
    assert house.log_in().token == ""
    house.later(minutes=1)
    assert house.log_in().token != ""


def test_an_address_that_tries_many_names_waits_and_others_do_not(house: House) -> None:
    for number in range(BY_ADDRESS.free + 1):
        house.log_in(f"name-{number}", WRONG, "203.0.113.5")
    assert house.log_in(address="203.0.113.5").wait_until is not None
    assert house.log_in(address="192.0.2.1").token != ""


def test_a_success_does_not_wipe_out_what_the_address_tried_as_others(house: House) -> None:
    for number in range(BY_ADDRESS.free):
        house.log_in(f"name-{number}", WRONG)
        if number == 10:
            assert house.log_in().token != ""
    assert house.log_in("name-99", WRONG).wait_until is not None


def test_attempts_at_the_same_time_count_like_attempts_in_turn(house: House) -> None:
    with ThreadPoolExecutor(4) as pool:
        entries = list(pool.map(lambda _: house.log_in(password=WRONG), range(8)))
    assert sum(each.wait_until is not None for each in entries) >= 8 - BY_NAME.free
    assert house.log_in().token == ""


def test_a_locked_account_lets_nobody_in_until_it_is_unlocked(house: House) -> None:
    house.log_in()
    assert managing.lock(house.database, "ann", "root", house.clock) == 1
    assert house.log_in().token == ""
    managing.unlock(house.database, "ann", "root", house.clock)
    assert house.log_in().token != ""


def test_a_new_password_ends_every_session(house: House) -> None:
    token = house.log_in().token
    other = "a boat on the hill"
    managing.change_password(house.database, PEOPLE, "ann", other, "root", house.clock)
    assert recognise_session(house.database, PEOPLE, token, house.now) is None
    assert house.log_in().token == ""
    assert house.log_in(password=other).token != ""


def test_log_out_ends_one_session_or_all(house: House) -> None:
    tokens = [house.log_in().token for _ in range(3)]
    seen = recognise_session(house.database, PEOPLE, tokens[0], house.now)
    assert seen is not None
    with house.database.read() as connection:
        first = next(s for s in list_sessions(connection, "ann") if s == seen.by)
    managing.log_out(house.database, first.digest, "ann", house.clock)
    held = [recognise_session(house.database, PEOPLE, each, house.now) for each in tokens]
    assert [each is not None for each in held] == [False, True, True]
    assert managing.log_out_everywhere(house.database, "ann", "ann", house.clock) == 2
    with house.database.read() as connection:
        assert list_sessions(connection) == []


def test_who_came_and_who_failed_stands_in_the_audit_log_without_any_secret(house: House) -> None:
    token = house.log_in().token
    house.log_in(password=WRONG)
    house.log_in("my-password-typed-as-name", WRONG)
    assert logged(house) == [
        ("root", "password_set"),
        ("ann", "logged_in"),
        ("ann", "log_in_failed"),
        ("somebody unknown", "log_in_failed"),
    ]
    with house.database.read() as connection:
        text = json.dumps([(each.subject, each.detail) for each in list_audit(connection)])
    for secret in (token, PASSWORD, WRONG, "my-password", "argon2"):
        assert secret not in text
