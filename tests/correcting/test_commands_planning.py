"""Plans as people type them: dry run, proposal, approval, rejection, the kill switch."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Ran
from tests.correcting.typed import CORRECTIONS, Typed
from tests.writing.fake_target import FakeTarget

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


def propose(command: Command, typed: Typed, *words: str) -> str:
    """The full hash of what rita proposes."""
    ran = command(
        "plan", typed.path, "--flow", "sales", "--propose", "--as", "rita", "--json", *words
    )
    assert ran.status == 0, ran.err
    return str(json.loads(ran.out)["hash"])


def test_a_dry_run_shows_every_write_and_does_none(command: Command, typed: Typed) -> None:
    ran = command("plan", typed.path, "--flow", "sales")
    assert ran.status == 0
    assert "dry run: 2 corrections in sales, 700.00 EUR at stake" in ran.out
    assert "update billing.invoice i-OPP-9" in ran.out
    assert "amount  1,000.00 -> 1,200.00" in ran.out
    assert "create billing.invoice under deal OPP-10" in ran.out
    assert "needs 1 approval" in ran.out
    assert typed.target.ledger == []
    assert command("plans", "-l", typed.path).out.strip() == "there are no such plans"


def test_a_plan_for_machines_says_the_same(command: Command, typed: Typed) -> None:
    told = json.loads(command("plan", typed.path, "--flow", "sales", "--json").out)
    assert (told["state"], told["money"], told["currency"]) == (None, "700.00", "EUR")
    writes = {each["fix"]: each["write"] for each in told["plan"]["corrections"]}
    assert writes["update"]["before"] == {"amount": "1000"}
    assert writes["update"]["after"] == {"amount": "1200"}
    assert writes["create"]["after"] == {"amount": "500", "currency": "EUR", "status": "draft"}


def test_a_plan_can_be_of_one_rule_or_one_break(command: Command, typed: Typed) -> None:
    by_rule = command("plan", typed.path, "--flow", "sales", "--rule", "agrees")
    assert "1 correction in sales" in by_rule.out
    found = json.loads(command("breaks", "-l", typed.path, "--json").out)
    first = found[0]["id"]
    by_name = command("plan", typed.path, "--flow", "sales", first[:6])
    assert "1 correction in sales" in by_name.out
    assert first in by_name.out
    assert command("plan", typed.path, "--flow", "sales", "nonsense").status == 2


def test_a_proposal_is_approved_by_somebody_else(command: Command, typed: Typed) -> None:
    plan = propose(command, typed)
    own = command("approve", plan[:12], "-l", typed.path, "--as", "rita", "--reason", "mine")
    assert own.status == 2
    assert "self approved: rita asked for the plan" in own.out
    other = command("approve", plan[:12], "-l", typed.path, "--as", "ann", "--reason", "checked")
    assert other.status == 0, other.out
    assert plan in other.out
    assert "the plan is approved" in other.out
    listed = command("plans", "-l", typed.path, "--state", "approved").out
    assert plan[:12] in listed
    shown = command("plans", "-l", typed.path, plan[:12]).out
    assert "approved by ann" in shown
    assert "amount  1,000.00 -> 1,200.00" in shown
    assert typed.target.ledger == []


def test_a_record_that_changed_meanwhile_withdraws_the_plan(command: Command, typed: Typed) -> None:
    plan = propose(command, typed)
    typed.target.put("invoices", {"id": "i-OPP-9", "number": "R-1"})
    ran = command("approve", plan[:12], "-l", typed.path, "--as", "ann", "--reason", "checked")
    assert ran.status == 2
    assert "the plan is withdrawn" in ran.out
    assert "its records say something else" in ran.out


def test_a_rejected_plan_says_why(command: Command, typed: Typed) -> None:
    plan = propose(command, typed)
    ran = command(
        "reject", plan[:12], "-l", typed.path, "--as", "bob", "--reason", "wrong month", "--json"
    )
    assert json.loads(ran.out)["state"] == "rejected"
    assert "bob: wrong month" in command("plans", "-l", typed.path).out


def test_a_halt_refuses_every_plan_until_somebody_resumes(command: Command, typed: Typed) -> None:
    halted = command("halt", "-l", typed.path, "--as", "eve", "--reason", "audit")
    assert (halted.status, "by eve" in halted.out) == (0, True)
    refused = command("plan", typed.path, "--flow", "sales")
    assert refused.status == 2
    assert "kill switch: eve has stopped all corrections: audit" in refused.out
    proposed = command("plan", typed.path, "--flow", "sales", "--propose", "--as", "rita")
    assert proposed.status == 2
    assert "not proposed" in proposed.out
    assert "refused" in command("plans", "-l", typed.path).out
    resumed = command("resume", "-l", typed.path, "--as", "eve", "--reason", "done")
    assert "corrections go on" in resumed.out
    assert command("resume", "-l", typed.path, "--as", "eve", "--reason", "x").out.startswith(
        "nothing was stopped"
    )
    assert command("plan", typed.path, "--flow", "sales").status == 0


def test_a_plan_beyond_its_limits_is_refused_and_said_so(command: Command, typed: Typed) -> None:
    typed.describe(corrections={**CORRECTIONS, "limits": {"corrections": 1, "money": 100}})
    ran = command("plan", typed.path, "--flow", "sales")
    assert ran.status == 2
    assert "count: the plan has 2 corrections; the limit is 1" in ran.out
    assert "money: the plan has 700.00 at stake; the limit is 100" in ran.out


@pytest.mark.parametrize("name", ["", "Rita", "policy", "tieout", "rita jones"])
def test_a_name_is_a_persons_as_approvers_have_it(
    command: Command, typed: Typed, name: str
) -> None:
    ran = command("plan", typed.path, "--flow", "sales", "--propose", "--as", name)
    assert ran.status == 2
    assert "takes a person's name" in ran.err


def test_no_secret_is_ever_shown(command: Command, typed: Typed) -> None:
    plan = propose(command, typed)
    shown = command("plans", "-l", typed.path, plan[:12], "--json").out
    assert "token" not in shown


def test_what_does_not_exist_is_the_askers_mistake(command: Command, typed: Typed) -> None:
    nowhere = command("plan", typed.path, "--flow", "nowhere")
    assert (nowhere.status, nowhere.err.strip()) == (2, "there is no flow 'nowhere'")
    words = ("-l", typed.path, "--as", "ann", "--reason", "x")
    assert command("approve", "0" * 12, *words).status == 2
    assert "at least 12 digits" in command("approve", "0" * 11, *words).err
    assert command("plans", "-l", typed.path, "0" * 12).status == 2
