"""Which passwords are taken, and how they are kept."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.accounts.passwords import hash_password, is_password, why_not
from monitor.accounts.secrets import digest_of, form_token_of, new_secret

LONG = "wind over the harbour"


def test_what_is_kept_is_argon2id_with_the_costs_of_its_time() -> None:
    kept = hash_password(LONG)
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert LONG not in kept
    assert hash_password(LONG) != kept
    assert is_password(LONG, kept)
    assert not is_password(LONG + " ", kept)
    assert not is_password(LONG, None)


def test_a_letter_composed_in_two_ways_is_one_letter() -> None:
    assert is_password("cafe\u0301 at the corner", hash_password("caf\u00e9 at the corner"))


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("short", "at least 15"),
        ("x" * 257, "at most 256"),
        ("abababababababab", "same few"),
        ("annikaannikatieout", "names and words"),
        ("PasswordPassword123", "names and words"),
    ],
)
def test_what_guessers_try_first_is_refused(password: str, why: str) -> None:
    refused = why_not(password, "annika")
    assert refused is not None
    assert why in refused
    assert password not in refused


@pytest.mark.parametrize("password", [LONG, "correct horse battery staple", "ünï-cödé-pàss-wörd"])
def test_long_ones_are_taken_whatever_they_are_made_of(password: str) -> None:
    assert why_not(password, "annika") is None


@settings(max_examples=5, deadline=None)
@given(st.text(max_size=40))
def test_whatever_is_typed_is_compared_without_failing(typed: str) -> None:
    assert not is_password(typed, None)


def test_a_token_is_long_and_what_is_kept_of_it_does_not_lead_back() -> None:
    secret = new_secret()
    assert len(secret) >= 43
    assert secret != new_secret()
    assert len({secret, digest_of(secret), form_token_of(secret)}) == 3
