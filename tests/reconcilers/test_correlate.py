import random
from collections import defaultdict
from collections.abc import Iterable

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.model import StreamId
from reconcilers.correlate import correlate

ROOT = StreamId("crm", "opportunity")
KINDS = ("contract", "project", "invoice")
SCHEMA = {
    "record": pl.Int64,
    "stream": pl.String,
    "role": pl.String,
    "kind": pl.String,
    "value": pl.String,
}
Use = tuple[int, str, str, str, str]


def uses(
    record: int, stream: str, *, defines: Iterable[str] = (), refers: Iterable[str] = ()
) -> list[Use]:
    roles = [("defines", key) for key in defines] + [("refers", key) for key in refers]
    return [(record, stream, role, *key.split(":")) for role, key in roles]  # type: ignore[misc] # a pair


def members(rows: Iterable[Use], kinds: Iterable[str] = KINDS) -> set[tuple[str, int]]:
    frame = pl.DataFrame(list(rows), schema=SCHEMA, orient="row")
    return set(correlate(frame, ROOT, "deal", list(kinds)).iter_rows())


OPPORTUNITY = uses(1, "crm.opportunity", defines=["deal:OPP-1"])
CONTRACT = uses(2, "clm.contract", defines=["contract:C-1"], refers=["deal:OPP-1"])
PROJECT = uses(3, "psa.project", defines=["project:P-1"], refers=["contract:C-1"])
INVOICE = uses(4, "erp.invoice", defines=["invoice:I-1"], refers=["project:P-1"])


def test_a_chain_of_references_leads_up_to_the_deal() -> None:
    found = members([*INVOICE, *PROJECT, *CONTRACT, *OPPORTUNITY])
    assert found == {("OPP-1", 1), ("OPP-1", 2), ("OPP-1", 3), ("OPP-1", 4)}


def test_a_record_that_names_an_unknown_deal_is_in_that_deal() -> None:
    assert members(uses(9, "psa.project", refers=["deal:OPP-999"])) == {("OPP-999", 9)}


def test_two_roots_with_one_key_are_one_transaction() -> None:
    twice = uses(5, "crm.opportunity", defines=["deal:OPP-1"])
    assert members([*OPPORTUNITY, *twice]) == {("OPP-1", 1), ("OPP-1", 5)}


def test_merged_billing_belongs_to_both_deals_and_does_not_make_them_one() -> None:
    found = members(
        [
            *uses(1, "crm.opportunity", defines=["deal:OPP-1"]),
            *uses(2, "crm.opportunity", defines=["deal:OPP-2"]),
            *uses(3, "psa.project", defines=["project:P-1"], refers=["deal:OPP-1"]),
            *uses(4, "psa.project", defines=["project:P-2"], refers=["deal:OPP-2"]),
            *uses(5, "erp.invoice", refers=["project:P-1", "project:P-2"]),
        ]
    )
    assert found == {
        ("OPP-1", 1),
        ("OPP-1", 3),
        ("OPP-1", 5),
        ("OPP-2", 2),
        ("OPP-2", 4),
        ("OPP-2", 5),
    }


def test_nothing_climbs_past_a_root() -> None:
    parent = uses(1, "crm.opportunity", defines=["deal:OPP-1", "contract:C-1"])
    child = uses(
        2, "crm.opportunity", defines=["deal:OPP-2"], refers=["contract:C-1", "deal:OPP-1"]
    )
    project = uses(3, "psa.project", refers=["deal:OPP-2"])
    assert members([*parent, *child, *project]) == {("OPP-1", 1), ("OPP-2", 2), ("OPP-2", 3)}


def test_a_cross_reference_carries_on_what_knows_only_a_foreign_key() -> None:
    table = uses(7, "xref.row", defines=["project:ERP-17"], refers=["deal:OPP-1"])
    foreign = uses(8, "erp.invoice", refers=["project:ERP-17"])
    assert members([*OPPORTUNITY, *table, *foreign]) == {("OPP-1", 1), ("OPP-1", 7), ("OPP-1", 8)}


def test_a_copy_that_names_no_deal_goes_where_the_other_one_with_its_key_goes() -> None:
    copy = uses(8, "erp.project", defines=["project:P-1"])
    found = members([*OPPORTUNITY, *CONTRACT, *PROJECT, *copy])
    assert ("OPP-1", 8) in found
    assert {name for name, _ in found} == {"OPP-1"}


def test_a_reference_to_nothing_names_the_transaction() -> None:
    assert members([*PROJECT, *INVOICE]) == {("contract:C-1", 3), ("contract:C-1", 4)}


def test_a_missing_contract_makes_no_second_transaction_of_a_project_with_a_deal() -> None:
    project = uses(3, "psa.project", defines=["project:P-1"], refers=["deal:OPP-1", "contract:C-9"])
    assert members([*OPPORTUNITY, *project, *INVOICE]) == {("OPP-1", 1), ("OPP-1", 3), ("OPP-1", 4)}


def test_a_record_without_references_is_named_by_its_own_key() -> None:
    lonely = uses(3, "psa.project", defines=["project:P-1"])
    assert members([*lonely, *INVOICE]) == {("project:P-1", 3), ("project:P-1", 4)}


def test_a_record_with_none_of_the_kinds_is_in_no_transaction() -> None:
    assert members(uses(3, "psa.project", defines=["person:Ann"], refers=["site:Graz"])) == set()


def test_a_ring_of_references_ends_and_loses_nobody() -> None:
    ring = [
        *uses(1, "psa.project", defines=["project:P-1"], refers=["contract:C-1"]),
        *uses(2, "clm.contract", defines=["contract:C-1"], refers=["project:P-1"]),
        *uses(3, "erp.invoice", defines=["invoice:I-1"], refers=["invoice:I-1"]),
    ]
    assert {record for _, record in members(ring)} == {1, 2, 3}
    assert ("invoice:I-1", 3) in members(ring)


def test_a_ring_with_one_way_out_takes_it() -> None:
    ring = [
        *uses(1, "psa.project", defines=["project:P-1"], refers=["contract:C-1", "deal:OPP-1"]),
        *uses(2, "clm.contract", defines=["contract:C-1"], refers=["project:P-1"]),
    ]
    assert members(ring) == {("OPP-1", 1), ("OPP-1", 2)}


def test_the_result_is_unique_sorted_and_typed_even_when_empty() -> None:
    empty = correlate(pl.DataFrame(schema=SCHEMA), ROOT, "deal", KINDS)
    assert empty.schema == {"transaction": pl.String, "record": pl.Int64}
    full = correlate(
        pl.DataFrame([*INVOICE, *PROJECT, *CONTRACT, *OPPORTUNITY], schema=SCHEMA, orient="row"),
        ROOT,
        "deal",
        KINDS,
    )
    assert full.rows() == sorted(set(full.rows()))
    assert full.schema == empty.schema


STREAMS = ["crm.opportunity", "psa.project", "erp.invoice"]
RANDOM_USES = st.lists(
    st.tuples(
        st.integers(1, 7),
        st.sampled_from(["defines", "refers"]),
        st.sampled_from(["deal", "contract", "project", "other"]),
        st.sampled_from(["1", "2", "3"]),
    ).map(lambda each: (each[0], STREAMS[each[0] % 3], *each[1:])),
    max_size=20,
)


@given(RANDOM_USES, st.randoms(use_true_random=False))
def test_neither_order_nor_repetition_of_rows_matters(
    rows: list[Use], chance: random.Random
) -> None:
    disturbed = rows + chance.choices(rows, k=3) if rows else []
    chance.shuffle(disturbed)
    assert members(disturbed) == members(rows)


@given(RANDOM_USES)
def test_who_uses_a_key_is_in_some_transaction_unless_it_is_a_root_that_only_refers(
    rows: list[Use],
) -> None:
    known = [use for use in rows if use[3] != "other"]
    placed = {record for _, record in members(rows)}
    for record, stream, role, _, _ in known:
        assert record in placed or (stream == str(ROOT) and role == "refers")


def components(rows: Iterable[Use]) -> list[set[int]]:
    """Records that share keys, however far: the neighbourhood that the store would load."""
    users: defaultdict[tuple[str, str], set[int]] = defaultdict(set)
    for record, _, _, kind, value in rows:
        if kind != "other":
            users[kind, value].add(record)
    groups: list[set[int]] = []
    for group in users.values():
        touching = [other for other in groups if other & group]
        groups = [other for other in groups if not other & group]
        groups.append(group.union(*touching))
    return groups


@given(RANDOM_USES)
def test_a_component_alone_correlates_as_it_does_among_everything(rows: list[Use]) -> None:
    everything = members(rows)
    for component in components(rows):
        alone = members(use for use in rows if use[0] in component)
        assert alone == {(name, record) for name, record in everything if record in component}


def naive(rows: Iterable[Use]) -> set[tuple[str, int]]:
    """The law once more, record by record, without the nameless."""
    found = {
        (v, r) for r, s, role, k, v in rows if k == "deal" and (s != str(ROOT) or role == "defines")
    }
    while True:
        more = {
            (name, lower)
            for lower, stream, role, kind, value in rows
            if role == "refers" and kind in KINDS and stream != str(ROOT)
            for upper, _, upper_role, upper_kind, upper_value in rows
            if (upper_role, upper_kind, upper_value) == ("defines", kind, value)
            for name, record in found
            if record == upper
        }
        if more <= found:
            return found
        found |= more


@given(RANDOM_USES)
def test_it_agrees_with_the_law_written_out_record_by_record(rows: list[Use]) -> None:
    law = naive(rows)
    assert law <= members(rows)
    everybody = {record for record, *_, kind, _ in rows if kind != "other"}
    if {record for _, record in law} == everybody:
        assert members(rows) == law


@pytest.mark.parametrize("depth", [1, 30])
def test_long_chains_are_followed_to_their_end(depth: int) -> None:
    chain = uses(0, "crm.opportunity", defines=["deal:D", "project:0"])
    for step in range(1, depth + 1):
        chain += uses(
            step, "psa.project", defines=[f"project:{step}"], refers=[f"project:{step - 1}"]
        )
    assert members(chain) == {("D", record) for record in range(depth + 1)}
