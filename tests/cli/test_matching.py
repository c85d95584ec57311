"""Commands by which people say what is one customer: candidates, decide."""

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from monitor.cli.exits import Exit
from tests.bench.customers import draw_customers
from tests.cli.conftest import Ran, Run

LANDSCAPE = """\
version: 1
firm: {name: Small}
store: {url: "${env:STORE}"}
systems:
  erp:
    probe: files
    as_of: now
    settle: 0s
    streams:
      customer:
        entity: customer
        path: "${env:DATA}/customers.jsonl"
        id: id
        map: {name: name, street: street, city: city, postcode: postcode}
        deletes: {kind: sweep}
watches:
  same-customer:
    check: duplicate_customers
    streams: [erp.customer]
    compare: {name: name, street: street, city: city, postcode: postcode}
    match_at: 30
    ask_at: 10
"""
BY = ("--owner", "eve", "--reason", "I rang them up")


@dataclass(frozen=True)
class Desk:
    """A small firm that was looked at, and the commands over it."""

    folder: Path
    tieout: Run

    def run(self, *words: object) -> Ran:
        variables = {"DATA": str(self.folder), "STORE": f"sqlite:///{self.folder / 'store.db'}"}
        return self.tieout(*words, variables=variables)

    def ask(self, *words: object) -> Ran:
        return self.run(words[0], "-l", self.folder / "landscape.yaml", *words[1:])

    def candidates(self) -> list[tuple[str, str]]:
        asked = json.loads(self.ask("candidates", "--limit", 1_000, "--json").out)
        return [(each["left"], each["right"]) for each in asked]

    def accused(self) -> set[str]:
        told = json.loads(self.run("once", self.folder / "landscape.yaml", "--json").out)
        return {f"erp.customer/{each['record_id']}" for each in told["breaks"]}


@pytest.fixture
def desk(tmp_path: Path, tieout: Run) -> Desk:
    (tmp_path / "landscape.yaml").write_text(LANDSCAPE, "utf-8")
    draw_customers(300, seed=307).records.write_ndjson(tmp_path / "customers.jsonl")
    desk = Desk(tmp_path, tieout)
    desk.accused()
    return desk


def test_candidates_are_listed_with_what_speaks_for_them(desk: Desk) -> None:
    first = desk.candidates()[0]
    ran = desk.ask("candidates", "--limit", 1)
    assert ran.status == Exit.IN_ORDER
    head, row = ran.out.splitlines()
    assert head.split() == ["one", "other", "bits", "for", "and", "against"]
    assert row.split()[:2] == list(first)
    assert "name +" in row


def test_what_is_decided_is_asked_no_more_and_followed(desk: Desk) -> None:
    one, other = desk.candidates()[0]
    assert not desk.accused() & {one, other}
    ran = desk.ask("decide", one, other, "same", *BY)
    assert (ran.status, ran.out.strip()) == (Exit.IN_ORDER, f"{one} and {other}: same")
    assert (one, other) not in desk.candidates()
    assert len(desk.accused() & {one, other}) == 1
    desk.ask("decide", other, one, "different", *BY)
    assert (one, other) not in desk.candidates()
    assert not desk.accused() & {one, other}


def test_a_record_that_does_not_exist_is_refused(desk: Desk) -> None:
    (one, _), before = desk.candidates()[0], desk.candidates()
    ran = desk.ask("decide", one, "erp.customer/nobody", "same", *BY)
    assert ran.status & (Exit.REFUSED | Exit.FAILED)
    assert "there is no record erp.customer/nobody" in " ".join((ran.out + ran.err).split())
    assert desk.candidates() == before


def test_nothing_is_asked_where_nothing_is_alike(tmp_path: Path, tieout: Run) -> None:
    (tmp_path / "landscape.yaml").write_text(LANDSCAPE, "utf-8")
    lone = draw_customers(300, seed=307).records.head(1)
    lone.write_ndjson(tmp_path / "customers.jsonl")
    desk = Desk(tmp_path, tieout)
    desk.accused()
    assert desk.ask("candidates").out.strip() == "nothing is waiting to be decided"
