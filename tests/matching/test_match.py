"""Which records are found to be one, and that neither order nor history matters."""

from itertools import combinations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.core.watches import DECISIONS
from reconcilers.matching.match import (
    Thresholds,
    candidates,
    explain,
    group,
    keep_matched,
    match,
    match_again,
)
from reconcilers.matching.normalise import normalise
from tests.bench.customers import CustomerEstate, draw_customers

NOTHING = pl.DataFrame(schema=DECISIONS)
ESTATE = draw_customers(3_000, seed=101)
SMALL = draw_customers(300, seed=102)
SECONDS = {right for _, right in ESTATE.pairs}


def decisions(*rows: tuple[str, str, str]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=DECISIONS, orient="row")


def found(estate: CustomerEstate) -> set[tuple[str, str]]:
    pairs = match(estate.records).pairs
    return {pair for each in group(pairs, NOTHING) for pair in combinations(each, 2)}


def f1(found: set[tuple[str, str]], truth: frozenset[tuple[str, str]]) -> float:
    return 2 * len(found & truth) / (len(found) + len(truth))


def test_customers_of_seeds_never_seen_are_told_apart() -> None:
    assert f1(found(ESTATE), ESTATE.pairs) >= 0.97


def test_the_order_of_rows_does_not_matter() -> None:
    assert found(CustomerEstate(ESTATE.records.reverse(), ESTATE.pairs)) == found(ESTATE)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Höfig & Reinhardt Shipping AG", "hoefig and reinhardt shipping aktiengesellschaft"),
        ("Rice Jones Packaging LLC", "RICE JONES PACKAGING LTD. LIABILITY CO."),
        ("Eagle Fowler Steel Inc.", "Fowler Steel Eagle Inc"),
        ("North Owen Systems Corp.", "North Owen Sys Corp"),
        ("Hahn Energy GmbH & Co. KG", "Hahn Energy GmbH und Co. KG"),
    ],
)
def test_ways_to_write_a_name_are_one(one: str, other: str) -> None:
    normal = normalise(pl.DataFrame({"id": ["1", "2"], "name": [one, other]}))
    assert normal.select("name", "legal").n_unique() == 1


def test_a_family_of_companies_with_one_domain_stays_apart() -> None:
    family = pl.DataFrame(
        {
            "id": ["X1", "X2"],
            "name": ["Francis Research LLC", "Francis Research Inc."],
            "street": ["162 Carlson Gateway", "33 Wiggins Street"],
            "city": ["Devinville", "Susanborough"],
            "postcode": ["67336", "75303"],
            "domain": ["francisresearch.com"] * 2,
        }
    )
    records = pl.concat([ESTATE.records, family], how="diagonal")
    pairs = match(records).pairs
    assert not [each for each in group(pairs, NOTHING) if {"X1", "X2"} <= set(each)]


def test_equal_tax_numbers_weigh_more_than_a_moved_address() -> None:
    moved = pl.DataFrame(
        {
            "id": ["X1", "X2"],
            "name": ["Zirkel Lighting AG", "Zirkel Lighting AG"],
            "street": ["Am Markt 1", "Hafenstr. 99"],
            "city": ["Bremen", "Bremen"],
            "postcode": ["28195", "28217"],
            "tax": ["DE123456789", "DE 123 456 789"],
        }
    )
    records = pl.concat([ESTATE.records, moved], how="diagonal")
    pairs = match(records).pairs
    assert ["X1", "X2"] in group(pairs, NOTHING)
    (pair,) = pairs.filter(left="X1", right="X2").to_dicts()
    assert explain(pair).startswith(("tax", "name"))
    assert "street -" in explain(pair)


def test_a_crowd_behind_one_key_is_not_compared_pair_by_pair() -> None:
    crowd = pl.DataFrame(
        {
            "id": [f"X{number}" for number in range(2_000)],
            "name": [f"Firm {number}" for number in range(2_000)],
            "phone": ["+49 301234567"] * 2_000,
            "city": ["Berlin"] * 2_000,
        }
    )
    assert match(crowd, Thresholds(ask=-100)).pairs.height < 20_000


def test_records_that_say_the_same_are_paired_with_the_first_of_them_alone() -> None:
    copies = [
        ESTATE.records.filter(~pl.col("id").is_in(list(SECONDS))).with_columns(
            id=pl.lit(system) + pl.col("id")
        )
        for system in "EBA"
    ]
    pairs = match(pl.concat(copies)).pairs
    twins = pairs.filter(pl.col("left").str.slice(1) == pl.col("right").str.slice(1))
    assert twins.height == 2 * copies[0].height
    assert twins["left"].str.head(1).unique().to_list() == ["A"]
    others = pairs.join(twins, on=["left", "right"], how="anti")
    assert set(others["left"].str.head(1)) | set(others["right"].str.head(1)) <= {"A"}


def test_a_crowd_that_says_the_same_is_one_group() -> None:
    one = ESTATE.records.head(1)
    crowd = pl.concat([one.with_columns(id=pl.lit(f"X{number:03d}")) for number in range(100)])
    records = pl.concat([ESTATE.records.tail(-1), crowd])
    pairs = match(records).pairs
    assert pairs.filter(pl.col("right").str.starts_with("X")).height == 99
    assert [f"X{number:03d}" for number in range(100)] in group(pairs, NOTHING)


def test_an_estate_without_duplicates_is_judged_more_strictly_than_an_untended_one() -> None:
    untended = match(ESTATE.records).calibration
    tended = match(ESTATE.records.filter(~pl.col("id").is_in(list(SECONDS)))).calibration
    assert untended.duplicates == pytest.approx(len(ESTATE.pairs) / 3_000, rel=0.3)
    assert tended.duplicates < untended.duplicates / 2


def test_when_many_records_changed_all_are_compared_anew() -> None:
    thresholds = Thresholds()
    known = keep_matched(None, SMALL.records, thresholds)
    few = SMALL.records.with_columns(
        city=pl.when(pl.col("id") == SMALL.records["id"][0]).then(pl.lit("X")).otherwise("city")
    )
    many = SMALL.records.with_columns(city=pl.lit("X"))
    assert keep_matched(known, few).calibration is known.calibration
    assert keep_matched(known, many).pairs.equals(match(many).pairs)
    assert keep_matched(known, SMALL.records, Thresholds(1.0)).thresholds == Thresholds(1.0)


@settings(max_examples=8, deadline=None)
@given(data=st.data())
def test_what_is_updated_equals_what_is_found_over_all(data: st.DataObject) -> None:
    ids = SMALL.records["id"].to_list()
    gone = data.draw(st.sets(st.sampled_from(ids), max_size=20))
    changed = data.draw(st.sets(st.sampled_from(ids), max_size=20))
    late = data.draw(st.sets(st.sampled_from(ids), max_size=20))
    before = SMALL.records.filter(~pl.col("id").is_in(list(late)))
    other = pl.col("id").is_in(list(changed))
    after = SMALL.records.filter(~pl.col("id").is_in(list(gone))).with_columns(
        pl.when(other).then(pl.lit("Elsewhere")).otherwise("city").alias("city"),
        pl.when(other).then(None).otherwise("tax").alias("tax"),
    )
    known = match(before)
    updated = match_again(known, after)
    assert updated.pairs.equals(match(after, calibration=known.calibration).pairs)
    back = match_again(updated, before.reverse())
    assert back.pairs.equals(known.pairs)


@settings(max_examples=6, deadline=None)
@given(st.lists(st.sets(st.integers(0, SMALL.records.height - 1), max_size=3), max_size=4))
def test_look_after_look_says_what_one_look_at_all_would_say(changes: list[set[int]]) -> None:
    records = SMALL.records
    known = keep_matched(None, records)
    for look, rows in enumerate(changes):
        moved = pl.int_range(pl.len()).is_in(sorted(rows))
        city = pl.when(moved).then(pl.lit(f"Town {look % 2}")).otherwise("city")
        records = records.with_columns(city=city)
        known = keep_matched(known, records)
        assert known.pairs.equals(match(records, calibration=known.calibration).pairs)


def test_what_people_decided_is_stronger_than_evidence() -> None:
    pairs = match(ESTATE.records).pairs
    left, right = min(ESTATE.pairs & found(ESTATE))
    apart = group(pairs, decisions((right, left, "different")))
    assert not [each for each in apart if {left, right} <= set(each)]
    ids = ESTATE.records["id"].sort()
    joined = group(pairs, decisions((ids[5], ids[9], "same")))
    assert [each for each in joined if {ids[5], ids[9]} <= set(each)]


def test_a_pair_that_was_decided_is_asked_no_more() -> None:
    pairs = match(ESTATE.records).pairs
    strict = Thresholds(match=20.0)
    first = candidates(pairs, NOTHING, strict).row(0, named=True)
    told = decisions((first["right"], first["left"], "different"))
    assert candidates(pairs, told, strict).row(0, named=True) != first
