"""How the findings of a watch live, on every database."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta

import polars as pl
import pytest

from monitor.core.breaks import BreakKind, BreakState, Severity
from monitor.core.model import StreamId
from monitor.core.plugins import RuleContext
from monitor.core.ports import FINDINGS, Verdict
from monitor.core.watches import ESTATE, NOWHERE, Survey, WatchSettings
from monitor.estate import Lookout
from monitor.jobs import keep_watch
from monitor.preparation import prepare_store
from monitor.single_pass import pass_once
from monitor.store.breaks import breaks_of_rule, history_of, standing_breaks
from monitor.store.database import Database
from reconcilers.reporter import Reporter
from tests.cycle.small_firm import OPPORTUNITY, PROJECT, SmallFirm

EVERY = timedelta(hours=1)


@dataclass(frozen=True)
class Draft:
    """A toy: every project without an amount is accused, as an estate's matter."""

    name: str = "draft"
    needs: frozenset[StreamId] = frozenset({PROJECT})
    kind: BreakKind = BreakKind.SOURCE
    severity: Severity = Severity.WARNING

    def evaluate(self, survey: Survey) -> Verdict:
        context = RuleContext(
            ESTATE, NOWHERE, {PROJECT: "project"}, {PROJECT: {}}, {"psa": "delivery"}
        )
        reporter = Reporter.create(
            self.name, WatchSettings(severity=self.severity), context, PROJECT, hop=""
        )
        bare = survey.frames[PROJECT].filter(pl.col("amount").is_null())
        accused = bare.select(
            pl.concat_str(pl.lit("project:"), "_record").alias("_transaction"),
            pl.col("_record").alias("record_id"),
        )
        return Verdict(reporter.report(survey.scope, accused, self.kind))


@pytest.fixture
def firm(database: Database) -> SmallFirm:
    firm = SmallFirm(database)
    watch(firm, Draft())
    return firm


def watch(firm: SmallFirm, *watches: Draft, margin: timedelta = timedelta(0)) -> None:
    lookouts = tuple(Lookout(each, EVERY, margin, digest="1") for each in watches)
    firm.estate = replace(firm.estate, lookouts=lookouts)


def states(firm: SmallFirm) -> dict[str, BreakState]:
    with firm.database.read() as connection:
        found = breaks_of_rule(connection, ESTATE, "draft")
    return {each.finding.transaction: each.state for each in found}


def test_what_a_watch_finds_opens_is_told_and_is_resolved_when_it_is_gone(firm: SmallFirm) -> None:
    firm.psa.put("p-1", "D1", status="active")
    pass_once(firm.estate, firm.runtime)
    assert states(firm) == {"project:p-1": BreakState.OPEN}
    told = [notice for notice in firm.told.notices if notice.rule == "draft"]
    assert [notice.transaction for notice in told] == ["project:p-1"]
    firm.later(minutes=5)
    firm.staff("D1", native_id="p-1")
    pass_once(firm.estate, firm.runtime)
    assert states(firm) == {"project:p-1": BreakState.RESOLVED}


def test_a_blind_stream_leaves_what_was_found_as_it_is(firm: SmallFirm) -> None:
    firm.psa.put("p-1", "D1", status="active")
    pass_once(firm.estate, firm.runtime)
    firm.psa.rows.clear()
    firm.psa.put("p-2", "D2", status="active")
    firm.psa.down = True
    firm.later(hours=3)
    pass_once(firm.estate, firm.runtime)
    assert states(firm) == {"project:p-1": BreakState.OPEN}


def test_a_suspicion_waits_for_its_margin_and_the_watch_looks_again_just_then(
    firm: SmallFirm,
) -> None:
    watch(firm, Draft(), margin=timedelta(minutes=10))
    lookout = firm.estate.lookouts[0]
    firm.psa.put("p-1", "D1", status="active")
    pass_once(firm.estate, firm.runtime)
    assert states(firm) == {"project:p-1": BreakState.SUSPECTED}
    firm.later(minutes=9)
    assert keep_watch(firm.estate, firm.runtime, lookout) == ()
    firm.later(minutes=1)
    assert keep_watch(firm.estate, firm.runtime, lookout)
    assert states(firm) == {"project:p-1": BreakState.OPEN}


def test_a_watch_looks_no_more_often_than_it_shall_over_a_restart(firm: SmallFirm) -> None:
    lookout = firm.estate.lookouts[0]
    pass_once(firm.estate, firm.runtime)
    firm.psa.put("p-1", "D1", status="active")
    looks = []
    for _ in range(9):
        firm.later(minutes=10)
        pass_once(replace(firm.estate, lookouts=()), firm.runtime)
        looks.append(bool(keep_watch(firm.estate, firm.runtime, lookout)))
    assert looks.index(True) == 5


def test_a_watch_with_other_settings_looks_at_once(firm: SmallFirm) -> None:
    pass_once(firm.estate, firm.runtime)
    firm.psa.put("p-1", "D1", status="active")
    pass_once(replace(firm.estate, lookouts=()), firm.runtime)
    changed = replace(firm.estate.lookouts[0], digest="2")
    assert keep_watch(firm.estate, firm.runtime, changed)


def test_what_a_watch_found_is_resolved_when_the_watch_leaves_the_landscape(
    firm: SmallFirm,
) -> None:
    firm.psa.put("p-1", "D1", status="active")
    pass_once(firm.estate, firm.runtime)
    prepare_store(replace(firm.estate, digest="2"), firm.database, firm.clock())
    assert states(firm) == {"project:p-1": BreakState.OPEN}
    prepare_store(replace(firm.estate, digest="3", lookouts=()), firm.database, firm.clock())
    assert states(firm) == {"project:p-1": BreakState.RESOLVED}


def test_the_history_says_how_it_was_confirmed_and_how_far_was_seen(firm: SmallFirm) -> None:
    firm.psa.put("p-1", "D1", status="active")
    pass_once(firm.estate, firm.runtime)
    with firm.database.read() as connection:
        (found,) = (each for each in standing_breaks(connection) if each.finding.flow == ESTATE)
        opened = history_of(connection, found.fingerprint)[-1]
    assert "whole source" in opened.why
    assert set(opened.evidence) == {"psa.project"}


def test_a_hint_stays_information_whatever_a_watch_says(firm: SmallFirm) -> None:
    watch(firm, Draft(kind=BreakKind.ANOMALY, severity=Severity.CRITICAL))
    firm.psa.put("p-1", "D1", status="active")
    pass_once(firm.estate, firm.runtime)
    with firm.database.read() as connection:
        (found,) = breaks_of_rule(connection, ESTATE, "draft")
    assert (found.finding.kind, found.finding.severity) == (BreakKind.ANOMALY, Severity.INFO)


def test_only_the_streams_that_it_needs_can_be_had(firm: SmallFirm) -> None:
    seen: list[Iterable[StreamId]] = []

    class Curious(Draft):
        def evaluate(self, survey: Survey) -> Verdict:
            seen.append(survey.frames)
            assert OPPORTUNITY not in survey.frames
            return Verdict(pl.DataFrame(schema=FINDINGS))

    watch(firm, Curious())
    pass_once(firm.estate, firm.runtime)
    assert [list(each) for each in seen] == [[PROJECT]]
