"""Applying, undoing and listing corrections, as people type it, over a real target."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Ran
from tests.correcting.typed import Typed
from tests.writing.fake_target import FakeTarget, Mishap, doubled

Command = Callable[..., Ran]


@pytest.fixture
def typed(tmp_path: Path) -> Iterator[Typed]:
    """Ten deals: one billed wrongly, one not at all."""
    with FakeTarget() as target:
        made = Typed(target, tmp_path)
        for number in range(1, 9):
            made.win(f"OPP-{number}", "100.00", "100.00")
        made.win("OPP-9", "1200.00", "1000.00")
        made.win("OPP-10", "500.00", None)
        made.describe()
        yield made


@pytest.fixture
def command(typed: Typed, tieout: Callable[..., Ran]) -> Command:
    """A command after everything was looked at once."""

    def run(*words: object) -> Ran:
        return tieout(*words, variables=typed.variables)

    assert run("once", typed.path).status == 1
    return run


def approved(command: Command, typed: Typed) -> str:
    """The full hash of what rita proposed and ann approved."""
    ran = command("plan", typed.path, "--flow", "sales", "--propose", "--as", "rita", "--json")
    name = str(json.loads(ran.out)["hash"])
    said = command("approve", name[:12], "-l", typed.path, "--as", "ann", "--reason", "yes")
    assert said.status == 0, said.err + said.out
    return name


def test_to_apply_is_to_show_unless_told_to_write(command: Command, typed: Typed) -> None:
    name = approved(command, typed)
    ran = command("apply", name[:12], "-l", typed.path)
    assert ran.status == 0
    assert "amount  1,000.00 -> 1,200.00" in ran.out
    assert "nothing was written" in ran.out
    assert typed.target.ledger == []


def test_what_is_approved_is_written_verified_and_closed(command: Command, typed: Typed) -> None:
    name = approved(command, typed)
    ran = command("apply", name[:12], "-l", typed.path, "--write", "--as", "olga")
    assert ran.status == 0, ran.out + ran.err
    assert ran.out.count("verified") >= 2
    assert [each.operation for each in typed.target.ledger] == ["create", "update"]
    assert command("once", typed.path).status == 0
    again = command("plan", typed.path, "--flow", "sales")
    assert "nothing to correct in sales" in again.out


def test_each_correction_is_listed_and_told_with_every_step(command: Command, typed: Typed) -> None:
    assert "no such corrections" in command("corrections", "-l", typed.path).out
    name = approved(command, typed)
    command("apply", name, "-l", typed.path, "--write", "--as", "olga")
    listed = command("corrections", "-l", typed.path)
    assert listed.out.count("verified") == 2
    told = command("corrections", "1", "-l", typed.path).out
    assert "tieout" not in told.split("\n\n")[1].lower().replace("olga", "")
    assert "intended" in told
    assert "applied" in told
    one = json.loads(command("corrections", "1", "-l", typed.path, "--json").out)
    assert [step["after"] for step in one["steps"]] == ["intended", "applied", "verified"]
    assert {step["who"] for step in one["steps"]} == {"olga"}
    assert command("corrections", "9", "-l", typed.path).status == 2


def test_a_lost_answer_is_unknown_and_says_so(command: Command, typed: Typed) -> None:
    name = approved(command, typed)
    typed.target.misbehave(Mishap.LOST, "create")
    ran = command("apply", name, "-l", typed.path, "--write", "--as", "olga")
    assert ran.status == 1
    assert "unknown" in ran.out
    listed = json.loads(
        command("corrections", "-l", typed.path, "--state", "unknown", "--json").out
    )
    assert len(listed) == 1
    assert doubled(typed.target.ledger) == []


def test_a_correction_is_undone_by_an_approved_plan(command: Command, typed: Typed) -> None:
    name = approved(command, typed)
    command("apply", name, "-l", typed.path, "--write", "--as", "olga")
    [update] = [
        each
        for each in json.loads(command("corrections", "-l", typed.path, "--json").out)
        if each["native_id"] == "i-OPP-9"
    ]
    dry = command("undo", update["id"], "-l", typed.path)
    assert dry.status == 0, dry.out + dry.err
    assert "amount  1,200.00 -> 1,000.00" in dry.out
    kept = command("undo", update["id"], "-l", typed.path, "--propose", "--as", "rita", "--json")
    plan = json.loads(kept.out)["hash"]
    own = command("approve", plan, "-l", typed.path, "--as", "rita", "--reason", "mine")
    assert own.status == 2
    assert command("approve", plan, "-l", typed.path, "--as", "bob", "--reason", "ok").status == 0
    ran = command("apply", plan, "-l", typed.path, "--write", "--as", "olga")
    assert ran.status == 0, ran.out + ran.err
    [row] = [each for each in typed.target.rows("invoices") if each["id"] == "i-OPP-9"]
    assert row["total"] == 1000


def test_what_cannot_be_undone_is_said(command: Command, typed: Typed) -> None:
    approved(command, typed)
    ran = command("undo", "1", "-l", typed.path)
    assert ran.status == 2
    assert "correction 1 cannot be undone: it is planned" in ran.err
    assert command("undo", "99", "-l", typed.path).status == 2


def test_a_plan_that_is_not_approved_is_not_written(command: Command, typed: Typed) -> None:
    ran = command("plan", typed.path, "--flow", "sales", "--propose", "--as", "rita", "--json")
    name = json.loads(ran.out)["hash"]
    assert command("apply", name, "-l", typed.path).status == 2
    done = command("apply", name, "-l", typed.path, "--write", "--as", "olga")
    assert done.status == 2
    assert "not approved" in done.err
    assert typed.target.ledger == []


def test_writing_takes_a_name(command: Command, typed: Typed) -> None:
    name = approved(command, typed)
    assert command("apply", name, "-l", typed.path, "--write").status == 2
    assert typed.target.ledger == []
