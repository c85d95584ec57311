"""What was changed between two landscapes, when, and by which hash: from what was stored."""

from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.config.effective import as_text
from monitor.controls.cards import read_card
from monitor.controls.comparing import Change, ChangeKind, compare, touches_control
from monitor.controls.history import read_history
from monitor.controls.telling import card_as_json, tell_change
from monitor.core.controls import Assertion, ControlSettings
from monitor.core.errors import Permanent
from monitor.core.flows import RuleSettings
from monitor.cycle import run_cycle
from monitor.preparation import prepare_store
from monitor.sampling import sample, sweep
from monitor.store.configurations import keep_configuration
from monitor.store.database import Database
from tests.cycle.small_firm import START, SmallFirm

HOUR = timedelta(hours=1)
CONTROL = ControlSettings(
    objective="every won deal is staffed",
    owner="delivery",
    frequency=2 * HOUR,
    precision="one deal",
    assertions=(Assertion.COMPLETENESS,),
    flow="sales",
    rules=("budget",),
)

documents = st.recursive(
    st.integers(0, 3), lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
).filter(lambda each: isinstance(each, dict))


def put(document: dict[str, object], change: Change) -> None:
    *way, last = change.path
    for step in way:
        document = document[step]  # type: ignore[assignment]  # a path of dictionaries
    if change.kind is ChangeKind.REMOVED:
        del document[last]
    else:
        document[last] = change.after


@given(before=documents, after=documents)
def test_the_changes_lead_from_one_landscape_to_the_other(
    before: dict[str, object], after: dict[str, object]
) -> None:
    for change in compare(before, after):
        put(before, change)
    assert before == after


def test_changes_are_told_in_words() -> None:
    before = {
        "flows": {"sales": {"rules": {"budget": {"tolerance": 0}, "old": {"check": "orphan"}}}}
    }
    after = {"flows": {"sales": {"rules": {"budget": {"tolerance": 5}, "new": {"check": "stuck"}}}}}
    assert [tell_change(each) for each in compare(before, after)] == [
        "flows.sales.rules.budget.tolerance was changed from 0 to 5",
        'flows.sales.rules.new was added: {"check": "stuck"}',
        'flows.sales.rules.old was removed: {"check": "orphan"}',
    ]


def test_only_what_a_control_follows_from_concerns_it() -> None:
    concerns = {
        ("flows", "sales", "rules", "budget", "tolerance"): True,
        ("flows", "sales", "rules", "other"): False,
        ("flows", "sales", "root"): True,
        ("flows", "sales", "corrections", "budget"): False,
        ("flows", "other", "root"): False,
        ("flows", "sales", "rules"): True,
        ("flows",): True,
        ("systems", "psa", "streams"): True,
        ("systems", "hr", "streams"): False,
        ("rates", "table"): True,
        ("controls", "c1", "owner"): True,
        ("controls", "c2", "owner"): False,
        ("channels", "slack"): False,
    }
    told = {path: touches_control(path, "c1", CONTROL, {"psa", "crm"}) for path in concerns}
    assert told == concerns


def document(tolerance: int) -> dict[str, Any]:
    return {"flows": {"sales": {"rules": {"budget": {"tolerance": tolerance}}}}}


def hash_of(tolerance: int) -> str:
    return sha256(as_text(document(tolerance)).encode()).hexdigest()


def apply(firm: SmallFirm, tolerance: int, *, is_kept: bool = True) -> None:
    kept = document(tolerance) if is_kept else {}
    estate = replace(firm.estate, digest=hash_of(tolerance), configuration=kept)
    prepare_store(estate, firm.database, firm.clock())
    firm.later(minutes=60)


def test_what_changed_is_told_from_what_was_stored(database: Database) -> None:
    firm = SmallFirm(database)
    for tolerance in (0, 0, 5, 0):
        apply(firm, tolerance)
    with database.read() as connection:
        history = read_history(connection, START + HOUR, firm.clock())
    assert (history.first, history.last) == (hash_of(0), hash_of(0))
    told = [
        (each.at, each.before, each.after, [tell_change(one) for one in each.changes or ()])
        for each in history.revisions
    ]
    name = "flows.sales.rules.budget.tolerance was changed"
    assert told == [
        (START + 2 * HOUR, hash_of(0), hash_of(5), [f"{name} from 0 to 5"]),
        (START + 3 * HOUR, hash_of(5), hash_of(0), [f"{name} from 5 to 0"]),
    ]


def test_nobody_says_what_changed_where_a_landscape_was_not_kept(database: Database) -> None:
    firm = SmallFirm(database)
    apply(firm, 0, is_kept=False)
    apply(firm, 1)
    with database.read() as connection:
        _, revision = read_history(connection, START - HOUR, firm.clock()).revisions
    assert (revision.before, revision.after, revision.changes) == (hash_of(0), hash_of(1), None)


def test_a_landscape_in_force_is_kept_though_it_was_applied_before_that_was_done(
    database: Database,
) -> None:
    firm = SmallFirm(database)
    apply(firm, 0, is_kept=False)
    apply(firm, 0)
    apply(firm, 5)
    with database.read() as connection:
        (revision,) = read_history(connection, START, firm.clock()).revisions
    assert len(revision.changes or ()) == 1


def test_a_landscape_that_was_altered_in_the_store_is_not_compared(database: Database) -> None:
    firm = SmallFirm(database)
    apply(firm, 0)
    with database.write() as connection:
        keep_configuration(connection, hash_of(5), as_text(document(0)), firm.clock())
    apply(firm, 5)
    with database.read() as connection, pytest.raises(Permanent, match="altered"):
        read_history(connection, START, firm.clock())


def test_a_card_says_when_it_looked_what_it_found_and_what_changed(database: Database) -> None:
    firm = SmallFirm(database)
    flow = replace(firm.estate.flows[0], settings={"budget": RuleSettings()})
    estate = replace(firm.estate, flows=(flow,), controls={"C-1": CONTROL})
    firm.win("D1")
    firm.staff("D1", "999.00")
    for minutes in (30, 30, 300, 30):
        for source in firm.estate.sources.values():
            sample(source, database, firm.clock)
            sweep(source, database, firm.clock)
        run_cycle(firm.estate, database, firm.clock)
        firm.later(minutes=minutes)
    apply(firm, 0)
    apply(firm, 5)
    with database.read() as connection:
        card = read_card(connection, estate, "C-1", START, firm.clock())
    assert [str(stream) for stream in card.streams] == ["crm.opportunity", "psa.project"]
    assert card.exceptions == (1, 1, 0)
    assert not card.is_effective
    assert max(card.runs.missed, key=lambda each: each.length).length > 2 * HOUR
    assert [len(each.changes or ()) for each in card.history.revisions] == [0, 1]
    told = card_as_json(card)
    assert told["frequency"] == "PT2H"
    assert told["exceptions"] == {"standing": 1, "opened": 1, "resolved": 0}
