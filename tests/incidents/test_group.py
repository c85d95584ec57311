"""Which breaks are one incident."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from monitor.core.breaks import BreakKind, Finding
from monitor.core.incidents import MIDDLEWARE, Cause, CauseKind, group
from tests.alerts.examples import MISSING

CROWD = 5
LETTER = replace(
    MISSING, kind=BreakKind.DEAD_LETTER, rule="letters", system="bus", stream="inbox", record_id="m"
)


def missing(number: int, rule: str = MISSING.rule, system: str = "psa") -> Finding:
    return replace(MISSING, transaction=f"OPP-{number}", rule=rule, system=system)


def test_breaks_of_one_deal_are_one_incident() -> None:
    two = [missing(1), missing(1, rule="budget", system="erp"), missing(2)]
    causes = group(two, [], [], CROWD)
    assert causes[two[0].fingerprint] == causes[two[1].fingerprint]
    assert causes[two[0].fingerprint] != causes[two[2].fingerprint]


def test_a_crowd_at_one_system_is_one_incident() -> None:
    crowd = [missing(number) for number in range(10_000)]
    assert set(group(crowd, [], [], CROWD).values()) == {
        Cause(CauseKind.RULE, "sales_to_cash won_deal_has_project psa")
    }


def test_fewer_than_a_crowd_are_each_deals_own_affair() -> None:
    causes = group([missing(number) for number in range(CROWD - 1)], [], [], CROWD)
    assert {cause.kind for cause in causes.values()} == {CauseKind.DEAL}
    assert len(set(causes.values())) == CROWD - 1


def test_a_straggler_joins_the_crowd_that_stands() -> None:
    crowd = set(group([missing(number) for number in range(CROWD)], [], [], CROWD).values())
    late = missing(99)
    assert group([late], [], crowd, CROWD) == {late.fingerprint: crowd.pop()}


def test_what_a_dead_letter_would_have_brought_is_part_of_its_incident() -> None:
    letters = [replace(LETTER, transaction=f"OPP-{n}", record_id=f"m{n}") for n in range(3)]
    late = [missing(number) for number in range(3)]
    wrong = replace(missing(1), kind=BreakKind.MISMATCH, rule="amounts", field="amount")
    causes = group([*late, wrong, *letters], letters, [], CROWD)
    queue = Cause(CauseKind.QUEUE, "bus.inbox")
    assert {causes[each.fingerprint] for each in (*late, *letters)} == {queue}
    assert causes[wrong.fingerprint].kind is CauseKind.DEAL


def test_what_looks_unusual_in_one_system_is_one_incident() -> None:
    odd = [
        replace(MISSING, kind=kind, flow="estate", transaction=f"psa.{n}", rule=f"watch-{n}")
        for n, kind in enumerate((BreakKind.SOURCE, BreakKind.ANOMALY))
    ]
    assert set(group(odd, [], [], CROWD).values()) == {Cause(CauseKind.SOURCE, "psa")}


FINDINGS = st.lists(
    st.builds(
        lambda number, kind, rule, system: replace(
            MISSING, transaction=f"OPP-{number}", kind=kind, rule=rule, system=system
        ),
        st.integers(0, 9),
        st.sampled_from(BreakKind),
        st.sampled_from(["a", "b"]),
        st.sampled_from(["psa", "erp"]),
    ),
    unique_by=lambda each: each.fingerprint,
    max_size=40,
)


@given(FINDINGS, st.randoms(use_true_random=False))
def test_every_break_has_one_cause_whatever_the_order(found: list[Finding], chance: object) -> None:
    messages = [each for each in found if each.kind in MIDDLEWARE]
    causes = group(found, messages, [], CROWD)
    assert causes.keys() == {each.fingerprint for each in found}
    shuffled = list(found)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]  # a Random, which the strategy hides
    again = group(shuffled, messages, [], CROWD)
    by_kind = {each.fingerprint: again[each.fingerprint].kind for each in found}
    assert by_kind == {name: cause.kind for name, cause in causes.items()}
