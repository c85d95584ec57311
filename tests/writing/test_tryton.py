"""Buttons, relations, and what Tryton's errors mean to a write."""

from collections.abc import Iterator
from decimal import Decimal

import pytest

from monitor.core.errors import UNSENT, Permanent, Reason, Transient
from monitor.core.writing import Operation, Safety, Write, Writer
from tests.servers import Reply, Request
from tests.writing.api import OpenWriter
from tests.writing.fake_target import Mishap
from tests.writing.targets.target import CANARY, creation, update
from tests.writing.targets.tryton import TrytonTarget


@pytest.fixture
def target() -> Iterator[TrytonTarget]:
    opened = TrytonTarget()
    opened.put("7", "OPP-7", number="INV-7", status="draft", currency="EUR", amount=Decimal(5))
    yield opened
    opened.close()


@pytest.fixture
def writer(target: TrytonTarget, open_writer: OpenWriter) -> Writer:
    return open_writer(target.settings)


def apply(writer: Writer, write: Write) -> None:
    writer.apply(write, writer.observe(write), "key-1")


def methods(target: TrytonTarget) -> list[str]:
    return [method for method, _ in target.tryton.calls if "." not in method]


def test_a_state_is_brought_about_by_its_button(target: TrytonTarget, writer: Writer) -> None:
    apply(writer, update("7", status="cancelled"))
    assert methods(target) == ["cancel"]
    assert target.rows()["7"]["state"] == "cancelled"


def test_a_state_without_a_button_is_written(target: TrytonTarget, writer: Writer) -> None:
    apply(writer, update("7", status="posted"))
    assert methods(target) == ["write"]


def test_a_button_is_not_pressed_for_a_record_that_changed(
    target: TrytonTarget, writer: Writer
) -> None:
    write = update("7", status="cancelled")
    observed = writer.observe(write)
    target.put("7", "OPP-7", number="INV-8")
    with pytest.raises(Permanent) as caught:
        writer.apply(write, observed, "key-1")
    assert caught.value.reason is Reason.CONFLICT
    assert target.rows()["7"]["state"] == "draft"


def test_a_button_and_fields_would_be_two_transactions(
    target: TrytonTarget, writer: Writer
) -> None:
    with pytest.raises(Permanent) as caught:
        apply(writer, update("7", status="cancelled", number="x"))
    assert caught.value.reason is Reason.UNSUPPORTED
    assert not methods(target)


def test_a_related_record_is_found_by_what_it_is_called(
    target: TrytonTarget, writer: Writer
) -> None:
    apply(writer, update("7", currency="USD"))
    assert target.rows()["7"]["currency"] == {"id": 2, "code": "USD"}


def test_a_relation_to_nothing_is_refused_before_anything_is_written(
    target: TrytonTarget, writer: Writer
) -> None:
    with pytest.raises(Permanent, match=r"no records of currency\.currency") as caught:
        apply(writer, update("7", currency="XXX"))
    assert caught.value.reason is Reason.REFUSED
    assert not methods(target)


def test_constants_and_the_context_go_with_a_new_record(
    target: TrytonTarget, writer: Writer
) -> None:
    apply(writer, creation("OPP-9", number="INV-9"))
    (_, (values, context)) = target.tryton.calls[-1]
    assert values == [{"deal": "OPP-9", "number": "INV-9", "type": "out"}]
    assert context == {"active_test": False, "company": 1}


def test_constants_go_with_a_change_of_fields(
    target: TrytonTarget, open_writer: OpenWriter
) -> None:
    written = target.settings["streams"]["invoice"]["write"]
    written["update"] = {"constants": {"progress": 1, "currency": "USD"}}
    apply(open_writer(target.settings), update("7", status="done"))
    (_, (_, values, _)) = target.tryton.calls[-1]
    assert values == {"state": "done", "progress": 1, "currency": 2}


def test_the_stamp_that_was_read_goes_with_a_change(target: TrytonTarget, writer: Writer) -> None:
    write = update("7", number="x")
    observed = writer.observe(write)
    writer.apply(write, observed, "key-1")
    (_, (ids, values, context)) = target.tryton.calls[-1]
    assert (ids, values) == ([7], {"number": "x"})
    assert context["_timestamp"] == {"account.invoice,7": observed.token}


@pytest.mark.parametrize(
    ("error", "failure", "reason"),
    [
        (["UserError", ["no", "", None]], Permanent, Reason.REFUSED),
        (["UserWarning", ["name", "sure?", ""]], Permanent, Reason.REFUSED),
        (["ConcurrencyException", "Records were modified"], Permanent, Reason.CONFLICT),
        (["could not serialize access", "Traceback …"], Transient, Reason.SERVER_ERROR),
        (["TimeoutException", "…"], Transient, Reason.SERVER_ERROR),
        (["'ConcurrencyException' in a value", ""], Transient, Reason.SERVER_ERROR),
        ("what", Transient, Reason.SERVER_ERROR),
    ],
)
def test_what_an_error_means(
    target: TrytonTarget,
    writer: Writer,
    error: object,
    failure: type[Permanent | Transient],
    reason: Reason,
) -> None:
    """What is raised for people is rolled back; of anything else we do not know."""
    write = update("7", number="x")
    observed = writer.observe(write)
    answer = target.tryton.answer

    def failing(request: Request) -> Reply:
        is_write = request.json["method"].endswith(".write")
        return Reply({"id": 1, "error": error}) if is_write else answer(request)

    target._server.scripts["/erp/rpc/"] = failing
    with pytest.raises(failure) as caught:
        writer.apply(write, observed, "key-1")
    assert caught.value.reason is reason
    assert caught.value.reason not in UNSENT


def test_a_refusal_is_quoted_for_whoever_asks_why(target: TrytonTarget, writer: Writer) -> None:
    write = update("7", number="x")
    observed = writer.observe(write)
    target.misbehave(Mishap.REFUSED, writer)
    with pytest.raises(Permanent, match=r"refused with UserError: .*not like this") as caught:
        writer.apply(write, observed, "key-1")
    assert CANARY not in str(caught.value)


@pytest.mark.parametrize("result", [None, [], ["7"], [7, 8], {"id": 7}, True])
def test_a_creation_whose_id_is_not_shown_is_not_known(
    target: TrytonTarget, writer: Writer, result: object
) -> None:
    write = creation("OPP-9")
    observed = writer.observe(write)
    answer = target.tryton.answer

    def mute(request: Request) -> Reply:
        is_create = request.json["method"].endswith(".create")
        return Reply({"id": 1, "result": result}) if is_create else answer(request)

    target._server.scripts["/erp/rpc/"] = mute
    with pytest.raises(Transient) as caught:
        writer.apply(write, observed, "key-1")
    assert caught.value.reason not in UNSENT


def test_a_model_that_is_unique_by_itself_is_keyed(
    target: TrytonTarget, open_writer: OpenWriter
) -> None:
    written = target.settings["streams"]["invoice"]["write"]
    written["create"] = {"unique": True}
    operations = open_writer(target.settings).abilities("invoice").operations
    assert operations[Operation.CREATE] is Safety.KEYED
    assert operations[Operation.UPDATE] is Safety.CONDITIONAL
