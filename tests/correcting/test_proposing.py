"""What one break is repaired by, decided from its scene alone."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.breaks import Break, BreakKind, BreakState, Classification, Finding, Severity
from monitor.core.corrections import Correction, Fix, Guard, Mode, Refusal
from monitor.core.entities import ENTITIES
from monitor.core.flows import HandOffSettings, RuleSettings
from monitor.core.model import KeyRole, KeyUse, Record, StreamId, Value
from monitor.core.policies import PolicySettings
from monitor.core.streams import StreamSettings
from monitor.core.writing import Abilities, Operation, Safety
from monitor.correcting.proposing import propose
from monitor.correcting.scene import Scene
from reconcilers import RULES

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
CRM, PSA, ERP, MQ = (
    StreamId("crm", "opportunity"),
    StreamId("psa", "project"),
    StreamId("erp", "change_order"),
    StreamId("mq", "message"),
)
ALL_OPERATIONS = dict.fromkeys(Operation, Safety.KEYED)
ABLE = Abilities(
    ALL_OPERATIONS,
    frozenset({"amount", "currency", "status", "name", "start_on", "number"}),
    frozenset({"deal", "change_order"}),
    frozenset({"resend"}),
)


def use(value: str, kind: str = "deal", role: KeyRole = KeyRole.REFERS) -> KeyUse:
    return KeyUse(role, kind, value)


def row(stream: StreamId, native_id: str, *keys: KeyUse, **fields: Value) -> Record:
    return Record(stream, stream.stream, native_id, fields, keys or (use("OPP-1"),), NOW)


DEAL = row(CRM, "o-1", amount=Decimal(100), status="won", currency="EUR", name="Alpha")
PROJECT = row(PSA, "p-1", amount=Decimal(90), status="active", currency="EUR", name="Beta")
MESSAGE = row(MQ, "m-1", status="dead")


def a_break(kind: BreakKind, stream: StreamId, **changes: Any) -> Break:
    finding = Finding(
        flow="sales",
        transaction="OPP-1",
        rule="the-rule",
        kind=kind,
        severity=Severity.WARNING,
        hop="",
        system=stream.system,
        stream=stream.stream,
        entity=stream.stream,
        field="",
        record_id="",
        expected=None,
        actual=None,
        value_at_risk=Decimal(10),
        currency="EUR",
        owner="",
        since=None,
    )
    state = changes.pop("state", BreakState.OPEN)
    return Break(replace(finding, **changes), state, NOW, NOW, None, NOW)


MISSING = a_break(BreakKind.MISSING, PSA)
MISMATCH = a_break(BreakKind.MISMATCH, PSA, field="amount", record_id="p-1")
DEAD = a_break(BreakKind.DEAD_LETTER, MQ, record_id="m-1")


def hand_off(**changes: Any) -> HandOffSettings:
    said = {"from": "crm.opportunity", "to": "psa.project", "start": "closed_at", "within": "4h"}
    return HandOffSettings.model_validate({**said, "when": {"status": "won"}, **changes})


def mismatch(**changes: Any) -> RuleSettings:
    said = {"left": "crm.opportunity", "right": "psa.project", "fields": {"amount": {}}}
    settings = RULES["mismatch"].settings
    return settings.model_validate({"check": "mismatch", **said, **changes})


def a_scene(*records: Record, **changes: Any) -> Scene:
    made = Scene(
        key="deal",
        rule=changes.pop("rule", None),
        of_record={"amount": CRM},
        streams={
            stream: StreamSettings(
                entity=stream.stream,
                id="id",
                defines={"deal": "deal"} if stream == CRM else {},
                refers={} if stream == CRM else {"deal": "deal", "change_order": "number"},
            )
            for stream in (CRM, PSA, ERP, MQ)
        },
        fields={stream: ENTITIES[stream.stream] for stream in (CRM, PSA, ERP, MQ)},
        abilities=dict.fromkeys((PSA, ERP, MQ), ABLE),
        records=records or (DEAL, PROJECT),
    )
    return replace(made, **changes)


def proposed(subject: Break, scene: Scene, **policy: Any) -> Correction | Refusal:
    settings = PolicySettings.model_validate({"mode": "propose", **policy})
    return propose(subject, settings, Mode.PROPOSE, scene)


def written(subject: Break, scene: Scene, **policy: Any) -> Correction:
    formed = proposed(subject, scene, **policy)
    assert isinstance(formed, Correction)
    assert formed.write is not None
    return formed


def handed(subject: Break, scene: Scene, **policy: Any) -> str:
    """Why a person has to do it."""
    formed = proposed(subject, scene, **policy)
    assert isinstance(formed, Correction)
    assert (formed.fix, formed.write) == (Fix.HAND_OVER, None)
    return formed.why


def refused(subject: Break, scene: Scene, **policy: Any) -> Guard:
    formed = proposed(subject, scene, **policy)
    assert isinstance(formed, Refusal)
    return formed.guard


def test_a_hint_is_never_corrected() -> None:
    assert refused(a_break(BreakKind.ANOMALY, PSA), a_scene()) is Guard.MODE


@pytest.mark.parametrize(
    "state", sorted(set(BreakState) - {BreakState.OPEN, BreakState.ACKNOWLEDGED})
)
def test_only_what_stands_and_is_heard_of_is_corrected(state: BreakState) -> None:
    assert refused(replace(MISMATCH, state=state), a_scene(rule=mismatch())) is Guard.MODE


def test_an_owner_is_named_by_the_flow_or_the_rule_or_nobody_is() -> None:
    by_flow = written(MISMATCH, a_scene(rule=mismatch()))
    assert by_flow.write is not None
    assert by_flow.write.after == {"amount": Decimal(100)}
    by_rule = a_scene(rule=mismatch(of_record="left"), of_record={})
    assert written(MISMATCH, by_rule).write == by_flow.write
    assert "owner" in handed(MISMATCH, a_scene(rule=mismatch(), of_record={}))


def test_fields_of_other_names_are_matched_as_the_rule_says() -> None:
    rule = mismatch(fields={"title": {"left": "name", "right": "name"}}, of_record="left")
    subject = a_break(BreakKind.MISMATCH, PSA, field="title", record_id="p-1")
    write = written(subject, a_scene(rule=rule)).write
    assert write is not None
    assert (write.before, write.after) == ({"name": "Beta"}, {"name": "Alpha"})


def test_owners_who_do_not_agree_are_for_a_person() -> None:
    other = row(CRM, "o-2", amount=Decimal(200), status="won")
    assert "one and the same" in handed(MISMATCH, a_scene(DEAL, other, PROJECT, rule=mismatch()))
    only_won = mismatch(where={"left": {"status": "won"}})
    lost = row(CRM, "o-2", amount=Decimal(200), status="lost")
    assert written(MISMATCH, a_scene(DEAL, lost, PROJECT, rule=only_won)).fix is Fix.UPDATE


def test_records_are_paired_by_the_rules_key() -> None:
    orders = [row(CRM, f"o-{n}", use(f"CO-{n}", "change_order"), amount=Decimal(n)) for n in (1, 2)]
    copy = row(PSA, "p-1", use("CO-2", "change_order"), amount=Decimal(9))
    scene = a_scene(*orders, copy, rule=mismatch(match="change_order"))
    write = written(MISMATCH, scene).write
    assert write is not None
    assert write.after == {"amount": Decimal(2)}


@pytest.mark.parametrize("how", [Classification.CURRENCY, Classification.EXCHANGE])
def test_an_amount_in_another_currency_is_for_a_person(how: Classification) -> None:
    subject = replace(MISMATCH, finding=replace(MISMATCH.finding, classification=how))
    assert "currencies" in handed(subject, a_scene(rule=mismatch()))


def test_a_created_record_has_the_keys_that_its_stream_has() -> None:
    order = row(CRM, "o-1", use("OPP-1"), use("CO-7", "order"), status="won", amount=Decimal(5))
    write = written(
        MISSING,
        a_scene(order, rule=hand_off()),
        fix="create",
        fields={"amount": "amount"},
        keys={"change_order": "order"},
    ).write
    assert write is not None
    assert write.keys == (use("CO-7", "change_order"), use("OPP-1"))
    assert (write.native_id, write.version, write.before) == ("", "", {})


def test_nothing_is_created_that_nobody_could_find_again() -> None:
    scene = a_scene(DEAL, rule=hand_off(), abilities={PSA: replace(ABLE, keys=frozenset())})
    assert "found again" in handed(MISSING, scene, fix="create", fields={"amount": "amount"})


def test_nothing_is_created_from_records_that_could_both_be_meant() -> None:
    other = row(CRM, "o-2", status="won", amount=Decimal(1))
    scene = a_scene(DEAL, other, rule=hand_off())
    assert "2 records" in handed(MISSING, scene, fix="create", fields={"amount": "amount"})
    paired = a_break(BreakKind.MISSING, PSA, record_id="change_order:CO-1")
    marked = row(CRM, "o-3", use("CO-1", "change_order"), status="won", amount=Decimal(3))
    scene = a_scene(DEAL, marked, rule=hand_off())
    write = written(paired, scene, fix="create", fields={"amount": "amount"}).write
    assert write is not None
    assert write.after == {"amount": Decimal(3)}


def test_where_twice_is_two_nothing_is_created_unless_a_policy_says_so() -> None:
    weak = replace(ABLE, operations={Operation.CREATE: Safety.COMPARED})
    scene = a_scene(DEAL, rule=hand_off(), abilities={PSA: weak})
    assert "two records" in handed(MISSING, scene, fields={"amount": "amount"})
    assert written(MISSING, scene, fix="create", fields={"amount": "amount"}).fix is Fix.CREATE


def test_a_record_is_linked_to_the_only_one_that_could_be_meant() -> None:
    orphan = a_break(BreakKind.ORPHAN, PSA, record_id="p-1")
    policy = {"fix": "link", "from": "crm.opportunity", "fields": {"number": "name"}}
    write = written(orphan, a_scene(), **policy).write
    assert write is not None
    assert (write.operation, write.after) == (Operation.UPDATE, {"number": "Alpha"})
    other = row(CRM, "o-2", name="Gamma")
    assert "2 records" in handed(orphan, a_scene(DEAL, other, PROJECT), **policy)


def test_a_message_is_replayed_only_where_its_effect_is_not() -> None:
    scene = a_scene(DEAL, MESSAGE)
    policy = {"fix": "replay", "effect": "psa.project"}
    write = written(DEAD, scene, **policy).write
    assert write is not None
    assert (write.operation, write.native_id) == (Operation.REPLAY, "m-1")
    assert refused(DEAD, a_scene(DEAL, MESSAGE, PROJECT), **policy) is Guard.EFFECT_EXISTS
    assert refused(DEAD, scene, fix="replay") is Guard.UNABLE


def test_the_effect_of_another_change_order_is_not_this_ones() -> None:
    message = row(MQ, "m-1", use("OPP-1"), use("CO-2", "change_order"))
    other = row(ERP, "c-1", use("OPP-1"), use("CO-1", "change_order"))
    own = row(ERP, "c-2", use("OPP-1"), use("CO-2", "change_order"))
    policy = {"fix": "replay", "effect": "erp.change_order"}
    assert written(DEAD, a_scene(message, other), **policy).fix is Fix.REPLAY
    assert refused(DEAD, a_scene(message, other, own), **policy) is Guard.EFFECT_EXISTS


def test_a_missing_record_comes_by_its_message_where_the_policy_says_so() -> None:
    scene = a_scene(DEAL, MESSAGE, rule=hand_off())
    write = written(MISSING, scene, **{"fix": "replay", "from": "mq.message"}).write
    assert write is not None
    assert (write.stream, write.native_id) == (MQ, "m-1")


def test_a_flow_is_started_again_by_its_trigger() -> None:
    scene = a_scene(DEAL, rule=hand_off(), abilities={CRM: ABLE})
    write = written(MISSING, scene, fix="trigger", trigger="resend").write
    assert write is not None
    assert (write.operation, write.stream, write.native_id, write.trigger) == (
        Operation.TRIGGER,
        CRM,
        "o-1",
        "resend",
    )
    assert write.version == DEAL.version
    assert refused(MISSING, scene, fix="trigger", trigger="other") is Guard.UNABLE
    there = a_scene(DEAL, PROJECT, rule=hand_off(), abilities={CRM: ABLE})
    assert refused(MISSING, there, fix="trigger", trigger="resend") is Guard.EFFECT_EXISTS


@pytest.mark.parametrize("kind", sorted(set(BreakKind) - {BreakKind.ANOMALY, BreakKind.LATE}))
def test_every_kind_of_break_is_repaired_or_handed_over_with_a_reason(kind: BreakKind) -> None:
    formed = proposed(a_break(kind, PSA, record_id="p-1"), a_scene(rule=None))
    assert formed.why
    assert isinstance(formed, Correction)


def by_table(*answers: str | list[str]) -> RuleSettings:
    """A decision table: what the project's name must be, by the deal's currency."""
    rows = [
        {"when": {"currency": code}, "then": {"name": answer}}
        for code, answer in zip(("EUR", "USD", "GBP"), answers, strict=False)
    ]
    said = {"check": "policy", "given": {"currency": "crm.opportunity"}, "stream": "psa.project"}
    return RULES["policy"].settings.model_validate({**said, "rows": rows})


def test_a_field_is_brought_to_what_a_table_of_the_firm_demands() -> None:
    against = a_break(
        BreakKind.POLICY, PSA, field="name", record_id="p-1", expected="Alpha", actual="Beta"
    )
    write = written(against, a_scene(rule=by_table("Alpha", ["Alpha", "Gamma"]))).write
    assert write is not None
    assert (write.operation, write.before, write.after) == (
        Operation.UPDATE,
        {"name": "Beta"},
        {"name": "Alpha"},
    )


@pytest.mark.parametrize("expected", ["Alpha or Gamma", "a row of the table", None])
def test_a_table_that_leaves_a_choice_leaves_it_to_a_person(expected: str | None) -> None:
    against = a_break(
        BreakKind.POLICY, PSA, field="name", record_id="p-1", expected=expected, actual="Beta"
    )
    formed = proposed(against, a_scene(rule=by_table(["Alpha", "Gamma"], "Delta")))
    assert isinstance(formed, Correction)
    assert formed.fix is Fix.HAND_OVER


FIELDS = st.fixed_dictionaries({"amount": st.none() | st.decimals(0, 100, places=2)})
ROWS = st.lists(
    st.builds(
        lambda stream, number, fields: row(stream, f"r-{number}", **fields, status="won"),
        st.sampled_from([CRM, PSA, MQ]),
        st.integers(1, 3),
        FIELDS,
    ),
    unique_by=lambda each: (each.stream, each.native_id),
    max_size=6,
)


@given(
    rows=ROWS,
    order=st.randoms(use_true_random=False),
    subject=st.sampled_from([MISSING, MISMATCH, DEAD]),
    fix=st.none() | st.sampled_from(Fix),
)
def test_the_order_of_records_says_nothing(
    rows: list[Record], order: Any, subject: Break, fix: Fix | None
) -> None:
    policy = {"fix": fix, "effect": "psa.project", "fields": {"amount": "amount"}}
    rule = hand_off() if subject is MISSING else mismatch()
    named = replace(subject, finding=replace(subject.finding, record_id="r-1"))
    shuffled = list(rows)
    order.shuffle(shuffled)
    first = proposed(named, a_scene(*rows, rule=rule), **policy)
    second = proposed(named, a_scene(*shuffled, rule=rule), **policy)
    if isinstance(first, Correction):
        assert isinstance(second, Correction)
        assert (first.fix, first.write) == (second.fix, second.write)
    else:
        assert isinstance(second, Refusal)
        assert first.guard is second.guard
