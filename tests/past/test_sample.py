"""Samples of a small firm: what is drawn, read again, asked, and concluded."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest

from monitor.audit_sampling.conclusion import AttributeConclusion, Reading
from monitor.audit_sampling.design import Method, Request
from monitor.audit_sampling.examination import Examination, examine_sample, take_sample
from monitor.audit_sampling.monetary import MonetaryConclusion
from monitor.core.breaks import BreakKind
from monitor.core.errors import Permanent, Transient
from monitor.core.ports import Capabilities
from monitor.sampling import sample, sweep
from monitor.store.audit import audit_head
from monitor.store.database import Database
from tests.cycle.small_firm import OPPORTUNITY, PROJECT, SmallFirm

DEALS = 40

REQUEST = Request(
    stream=PROJECT,
    method=Method.ATTRIBUTE,
    confidence=Fraction("0.95"),
    tolerable=Decimal("0.1"),
    expected=Decimal(0),
    seed="2026",
)

MONEY = replace(REQUEST, method=Method.MONETARY, tolerable=Decimal(12_000))


@pytest.fixture
def firm(sqlite_database: Database) -> SmallFirm:
    """The firm on one database."""
    return in_order(sqlite_database)


def in_order(database: Database) -> SmallFirm:
    """40 deals of 1,000 to 40,000, handed on without a fault, and looked at."""
    firm = SmallFirm(database)
    for number in range(1, DEALS + 1):
        firm.win(f"D{number}", f"{number}000.00")
        firm.staff(f"D{number}", f"{number}000.00")
    firm.later(minutes=1)
    look(firm)
    firm.later(minutes=1)
    return firm


def look(firm: SmallFirm) -> None:
    for source in firm.estate.sources.values():
        sample(source, firm.database, firm.clock)


def examined(firm: SmallFirm, request: Request = REQUEST) -> Examination:
    drawn = take_sample(request, firm.estate, firm.database)
    return examine_sample(drawn, firm.estate, firm.database, firm.clock)


def readings(done: Examination) -> dict[str, Reading]:
    return {each.drawn.native_id: each.reading for each in done.examined}


def deviations(done: Examination) -> int:
    assert isinstance(done.conclusion, AttributeConclusion)
    return done.conclusion.deviations


def money(done: Examination) -> MonetaryConclusion:
    assert isinstance(done.conclusion, MonetaryConclusion)
    return done.conclusion


def drawn_ids(firm: SmallFirm, request: Request = REQUEST) -> list[str]:
    return [each.native_id for each in take_sample(request, firm.estate, firm.database).drawn]


def test_a_firm_in_order_is_accepted(database: Database) -> None:
    done = examined(in_order(database))
    assert set(readings(done).values()) == {Reading.AGREES}
    assert (deviations(done), done.conclusion.is_accepted) == (0, True)
    assert done.asked == {"sales.won-to-project", "sales.budget", "sales.orphan", "sales.twice"}
    assert not done.unasked
    assert done.sample.population.count == DEALS
    assert done.sample.population.positive["EUR"].total == Decimal(820_000)


def test_the_seed_alone_says_what_is_drawn(firm: SmallFirm) -> None:
    assert drawn_ids(firm) == drawn_ids(firm)
    assert drawn_ids(firm, replace(REQUEST, seed="2027")) != drawn_ids(firm)
    for way in (MONEY, REQUEST):
        population = take_sample(way, firm.estate, firm.database).population
        assert population == take_sample(way, firm.estate, firm.database).population


def test_a_record_that_was_changed_unseen_deviates(firm: SmallFirm) -> None:
    first = drawn_ids(firm)[0]
    stamp = firm.psa.rows[first].modified_at
    firm.psa.put(first, f"D{first[3:]}", at=stamp, name="renamed")
    done = examined(firm)
    assert readings(done)[first] is Reading.DIFFERS
    assert deviations(done) == 1
    assert not done.conclusion.is_accepted


def test_a_record_that_changed_after_the_look_does_not_deviate(firm: SmallFirm) -> None:
    first = drawn_ids(firm)[0]
    firm.psa.put(first, f"D{first[3:]}", name="renamed")
    done = examined(firm)
    assert readings(done)[first] is Reading.CHANGED_SINCE
    assert deviations(done) == 0


def test_a_record_that_is_gone_deviates(firm: SmallFirm) -> None:
    first = drawn_ids(firm)[0]
    del firm.psa.rows[first]
    assert readings(examined(firm))[first] is Reading.GONE


def test_a_break_in_the_deal_is_a_deviation_of_the_record(firm: SmallFirm) -> None:
    request = replace(REQUEST, stream=OPPORTUNITY)
    first = drawn_ids(firm, request)[0]
    deal = first.removeprefix("o-")
    firm.staff(deal, "1.00")
    look(firm)
    done = examined(firm, request)
    (broken,) = [each for each in done.examined if each.deviates]
    assert broken.drawn.native_id == first
    assert [each.kind for each in broken.findings] == [BreakKind.MISMATCH]
    assert not examined(firm, replace(request, rules=frozenset({"orphan"}))).examined[0].deviates


def test_money_overstated_is_found_and_weighed(database: Database) -> None:
    firm = in_order(database)
    how = take_sample(MONEY, firm.estate, firm.database)
    assert how.monetary is not None
    whole = [each for each in how.drawn if each.is_whole]
    assert {each.amount for each in whole} == {
        Decimal(f"{number}000.00") for number in range(1, DEALS + 1) if number >= 4
    }
    (largest, *_) = sorted(whole, key=lambda each: -(each.amount or 0))
    deal = largest.native_id.removeprefix("p-")
    assert money(examined(firm, MONEY)).is_accepted
    firm.win(deal, "39500.00")
    look(firm)
    said = money(examined(firm, MONEY))
    assert said.known == Decimal(500)
    assert said.upper_limit == how.monetary.interval * 3 + 500
    assert not said.is_accepted


def test_money_understated_is_told_and_sets_nothing_off(firm: SmallFirm) -> None:
    firm.win("D40", "40100.00")
    look(firm)
    said = money(examined(firm, MONEY))
    assert (said.known, said.understated) == (Decimal(0), Decimal(100))


def test_what_should_not_be_there_is_overstated_whole(firm: SmallFirm) -> None:
    del firm.crm.rows["o-D40"]
    sweep(firm.estate.sources[OPPORTUNITY], firm.database, firm.clock)
    firm.later(minutes=1)
    look(firm)
    done = examined(firm, MONEY)
    (orphan,) = [each for each in done.examined if each.findings]
    assert orphan.overstated("amount") == Decimal(40_000)


def test_negative_amounts_are_counted_apart(firm: SmallFirm) -> None:
    firm.staff("D1", "-500.00", native_id="credit")
    look(firm)
    drawn = take_sample(MONEY, firm.estate, firm.database)
    assert drawn.population.negative["EUR"].total == Decimal(-500)
    assert drawn.population.positive["EUR"].count == DEALS
    assert "credit" not in {each.native_id for each in drawn.drawn}


def test_unlike_money_is_not_added(firm: SmallFirm) -> None:
    firm.psa.put("other", "D1", amount=Decimal(9), currency="usd")
    look(firm)
    with pytest.raises(ValueError, match="EUR, USD"):
        take_sample(MONEY, firm.estate, firm.database)
    chosen = take_sample(replace(MONEY, currency="EUR"), firm.estate, firm.database)
    assert "other" not in {each.native_id for each in chosen.drawn}


def test_a_source_that_is_away_allows_no_conclusion(firm: SmallFirm) -> None:
    drawn = take_sample(REQUEST, firm.estate, firm.database)
    firm.psa.down = True
    with pytest.raises(Transient):
        examine_sample(drawn, firm.estate, firm.database, firm.clock)
    with firm.database.read() as connection:
        assert audit_head(connection).sequence == 0


def test_a_source_without_reading_by_id_is_refused(firm: SmallFirm) -> None:
    drawn = take_sample(REQUEST, firm.estate, firm.database)
    firm.psa.able = Capabilities()
    with pytest.raises(Permanent, match="by id"):
        examine_sample(drawn, firm.estate, firm.database, firm.clock)


def test_rules_that_cannot_see_are_told(firm: SmallFirm) -> None:
    firm.later(hours=5)
    sample(firm.estate.sources[PROJECT], firm.database, firm.clock)
    done = examined(firm)
    assert done.unasked == {"sales.won-to-project", "sales.budget", "sales.orphan"}


def test_what_does_not_exist_is_refused(firm: SmallFirm) -> None:
    for request, says in (
        (replace(REQUEST, rules=frozenset({"nonsense"})), "no rule nonsense"),
        (replace(MONEY, amount="status"), "no field 'status' with money"),
        (replace(MONEY, currency="JPY"), "no record .* in JPY"),
    ):
        with pytest.raises(ValueError, match=says):
            take_sample(request, firm.estate, firm.database)


def test_that_a_sample_was_examined_is_noted(firm: SmallFirm) -> None:
    examined(firm)
    with firm.database.read() as connection:
        assert audit_head(connection).sequence == 1
