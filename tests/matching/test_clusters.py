"""Groups: cut where people say so, and called the same for as long as can be."""

from hypothesis import given
from hypothesis import strategies as st

from reconcilers.matching.clusters import gather, name_clusters

RECORDS = [f"r{number}" for number in range(8)]
LINKS = st.lists(
    st.tuples(
        st.integers(0, 9).map(float), st.sampled_from(RECORDS), st.sampled_from(RECORDS)
    ).filter(lambda link: link[1] < link[2]),
    unique_by=lambda link: link[1:],
)


def test_a_pair_kept_apart_cuts_a_chain_at_its_weakest_link() -> None:
    chain = [(9.0, "a", "b"), (2.0, "b", "c"), (9.0, "c", "d")]
    assert gather(chain, set()) == [["a", "b", "c", "d"]]
    assert gather(chain, {("a", "d")}) == [["a", "b"], ["c", "d"]]


@given(LINKS, st.sets(st.tuples(st.sampled_from(RECORDS), st.sampled_from(RECORDS))), st.randoms())
def test_groups_are_disjoint_keep_apart_what_must_be_and_know_no_order(
    links: list[tuple[float, str, str]], apart: set[tuple[str, str]], random: object
) -> None:
    groups = gather(links, apart)
    members = [each for group in groups for each in group]
    assert len(members) == len(set(members))
    for left, right in apart:
        if left != right:
            assert not [group for group in groups if left in group and right in group]
    assert gather(links[::-1], apart) == groups


@given(LINKS)
def test_names_do_not_change_while_groups_do_not(links: list[tuple[float, str, str]]) -> None:
    groups = gather(links, set())
    names = name_clusters(groups, {})
    assert name_clusters(groups[::-1], names) == names
    assert len(set(names.values())) == len(groups)


@given(LINKS, st.dictionaries(st.sampled_from(RECORDS), st.sampled_from([*RECORDS, "gone"])))
def test_two_groups_never_share_a_name_whatever_they_were_called(
    links: list[tuple[float, str, str]], before: dict[str, str]
) -> None:
    groups = gather(links, set())
    names = name_clusters(groups, before)
    assert len(set(names.values())) == len(groups)
    assert name_clusters(groups, names) == names


def test_a_group_whose_records_all_named_others_gets_a_name_of_its_own() -> None:
    names = name_clusters([["a", "b"], ["c", "d"], ["e", "f"]], {"c": "a", "d": "a", "e": "b"})
    assert names == {"a": "a'", "b": "a'", "c": "a", "d": "a", "e": "b", "f": "b"}


def test_a_new_group_is_named_after_its_oldest_record() -> None:
    assert name_clusters([["b", "c"]], {}) == {"b": "b", "c": "b"}
    assert name_clusters([["b", "c"]], {}, {"b": "2026", "c": "2025"}) == {"b": "c", "c": "c"}


def test_when_groups_merge_the_older_name_stays() -> None:
    before = {"b": "a", "c": "c", "d": "c", "e": "c"}
    assert set(name_clusters([["b", "c", "d", "e"]], before).values()) == {"a"}


def test_when_a_group_splits_the_larger_part_keeps_the_name() -> None:
    before = dict.fromkeys("abcde", "a")
    names = name_clusters([["a", "b"], ["c", "d", "e"]], before)
    assert names["c"] == "a"
    assert names["a"] == names["b"] != "a"


def test_when_a_group_splits_in_halves_the_older_one_keeps_the_name() -> None:
    names = name_clusters([["c", "d"], ["a", "b"]], dict.fromkeys("abcd", "a"))
    assert names == {"a": "a", "b": "a", "c": "c", "d": "c"}


def test_a_group_that_gains_an_older_record_keeps_its_name() -> None:
    assert name_clusters([["a", "b", "c"]], {"b": "b", "c": "b"}) == dict.fromkeys("abc", "b")
