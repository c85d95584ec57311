"""What people ask of tieout about real systems: explanations, ignores, rehearsals, samples."""

from decimal import Decimal
from typing import Any

import pytest

from tests.e2e.deals import Deal
from tests.e2e.estate import LANDSCAPE, RunningEstate

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

IN_ORDER, BREAKS, BLIND = 0, 1, 4
"""Bits of the exit status."""

OF_LANDSCAPE = ("--landscape", LANDSCAPE)
SAID = ("--owner", "finance", "--reason", "Known since the migration.")


def break_of(estate: RunningEstate, store: str, deal: Deal) -> Any:
    _, standing = estate.ask(store, "breaks", *OF_LANDSCAPE)
    return next(each for each in standing if each["transaction"] == deal.key)


def test_every_planted_break_is_explained(estate: RunningEstate, looked: str) -> None:
    _, standing = estate.ask(looked, "breaks", *OF_LANDSCAPE)
    one_a_kind = {each["kind"]: each for each in standing}
    for kind, each in one_a_kind.items():
        status, told = estate.ask(looked, "explain", each["id"], *OF_LANDSCAPE)
        assert status == IN_ORDER
        assert told["break"]["kind"] == kind
        assert told["why"].endswith(".")
        assert told["proposed_fix"].endswith(".")
        assert told["since"]["cause"] != "not_repeated"


def test_a_change_in_the_erp_is_named_as_what_introduced_the_break(
    estate: RunningEstate, looked: str, sound: Deal
) -> None:
    had = estate.reprice(sound, sound.amount + Decimal("0.01"))
    try:
        estate.once(looked)
    finally:
        estate.reprice(sound, had)
    _, told = estate.ask(looked, "explain", break_of(estate, looked, sound)["id"], *OF_LANDSCAPE)

    changed = [each for each in told["since"]["changes"] if each["before"]]
    assert told["since"]["cause"] == "record_changed"
    assert any(Decimal(each["before"].get("amount") or 0) == sound.amount for each in changed)
    assert "it was right, and was changed" in told["since"]["before"]
    assert "erp." in told["proposed_fix"]


def test_after_a_baseline_only_a_new_break_is_heard(
    estate: RunningEstate, looked: str, sound: Deal
) -> None:
    status, done = estate.ask(looked, "baseline", LANDSCAPE, *SAID)
    assert status == IN_ORDER
    assert len(done["suppressed"]) == len(estate.plan.ledger)
    quiet = estate.once(looked)
    had = estate.reprice(sound, sound.amount + Decimal("0.01"))
    try:
        loud = estate.once(looked)
    finally:
        estate.reprice(sound, had)

    assert (quiet.status & BREAKS, quiet.breaks, quiet.transitions) == (0, [], [])
    assert len(quiet.document["suppressed"]["breaks"]) == len(estate.plan.ledger)
    assert {each.deal for each in loud.breaks} == {sound.key}


def test_an_ignored_break_that_is_corrected_resolves_and_ends_quietly(
    estate: RunningEstate, looked: str, wrong: Deal
) -> None:
    name = break_of(estate, looked, wrong)["id"]
    until = ("--until", "2999-12-31")
    _, done = estate.ask(looked, "ignore", name, *until, *OF_LANDSCAPE, *SAID)
    assert [each["id"] for each in done["suppressed"]] == [name]
    had = estate.reprice(wrong, wrong.amount)
    try:
        outcome = estate.once(looked)
    finally:
        estate.reprice(wrong, had)

    assert outcome.transitions == [("resolved", wrong.key)]
    assert wrong.key not in {each.deal for each in outcome.breaks}


def test_an_ignore_that_is_ended_lets_the_same_breaks_be_heard(
    estate: RunningEstate, looked: str
) -> None:
    until = ("--until", "2999-12-31")
    _, done = estate.ask(looked, "ignore", "--system", "erp", *until, *OF_LANDSCAPE, *SAID)
    _, ended = estate.ask(looked, "ignore", "--end", str(done["ignore"]), *OF_LANDSCAPE, *SAID)
    assert done["suppressed"]
    assert [each["id"] for each in ended["heard_again"]] == [
        each["id"] for each in done["suppressed"]
    ]
    assert estate.once(looked).breaks == list(estate.plan.ledger)


def test_the_rules_in_force_find_in_rehearsal_what_they_found(
    estate: RunningEstate, looked: str
) -> None:
    _, standing = estate.ask(looked, "breaks", *OF_LANDSCAPE)
    now = max(each["seen_at"] for each in standing)
    _, told = estate.ask(looked, "rehearse", LANDSCAPE, "--since", now)
    assert {(each["transaction"], each["kind"]) for each in told["rehearsed"]} == {
        (each.deal, each.kind) for each in estate.plan.ledger
    }


def test_the_store_is_reconciled_to_the_planted_faults(estate: RunningEstate, looked: str) -> None:
    status, told = estate.ask(looked, "reconcile", LANDSCAPE)
    assert status & BREAKS
    assert {(each["key"], each["kind"]) for each in told["breaks"]} == {
        (each.deal, each.kind) for each in estate.plan.ledger
    }


def test_a_sample_is_the_same_for_the_same_seed_and_agrees_with_the_ledger(
    estate: RunningEstate, looked: str
) -> None:
    words = ("sample", LANDSCAPE, "--stream", "erp.sale", "--tolerable", "10%", "--seed", "7")
    first, second = (estate.ask(looked, *words)[1] for _ in range(2))
    broken = {each.deal for each in estate.plan.ledger}
    assert first["examined"] == second["examined"]
    assert first["examined"]
    for each in first["examined"]:
        assert {finding["transaction"] for finding in each["findings"]} <= broken
