from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from monitor.core.entities import ENTITIES
from monitor.core.errors import Permanent, Reason, Transient
from monitor.core.model import Record, Window
from monitor.core.plugins import ProbeContext
from probes.engine.tagged_json import tag, untag
from probes.tryton import TrytonProbe, TrytonSystem, build
from tests.probes.sources.tryton import TrytonServer, TrytonSource

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
ALL = Window(None, NOON + timedelta(days=1))
STREAM = {
    "model": "sale.sale",
    "entity": "invoice",
    "map": {"amount": "total_amount", "currency": "currency.code", "name": "party.name"},
    "defines": {"invoice": "number"},
    "refers": {"deal": "reference", "customer": "party.code"},
    "cursor": {"field": "write_date"},
    "page_size": 2,
}


@pytest.fixture
def source(tmp_path: Path) -> Iterator[TrytonSource]:
    opened = TrytonSource(tmp_path)
    opened.tryton.rows = [sale(number) for number in range(1, 6)]
    yield opened
    opened.close()


@pytest.fixture
def tryton(source: TrytonSource) -> TrytonServer:
    return source.tryton


def sale(number: int, **others: Any) -> dict[str, Any]:
    return {
        "id": number,
        "number": f"SO-{number}",
        "reference": f"DEAL_{number}%",
        "total_amount": Decimal("9644.00"),
        "currency": {"id": 1, "code": "EUR"},
        "party": {"id": 2, "name": "Acme", "code": f"C{number}"},
        "write_date": NOON + timedelta(minutes=number),
        "create_date": NOON,
        **others,
    }


def probe_of(source: TrytonSource, password: str | None = None, **changed: Any) -> TrytonProbe:
    system = {**source.settings, "streams": {"sales": {**STREAM, **changed}}}
    if password is not None:
        system["password"] = password
    context = ProbeContext("erp", ENTITIES, lambda: NOON, lambda _: None)
    return build(TrytonSystem.model_validate(system), context)


def read(probe: TrytonProbe, window: Window = ALL) -> list[Record]:
    with closing(probe):
        return [record for page in probe.changes("sales", window) for record in page.records]


def ids(records: list[Record] | tuple[Record, ...]) -> list[str]:
    return [record.native_id for record in records]


def test_a_row_is_read_through_its_relations(source: TrytonSource) -> None:
    record = read(probe_of(source))[0]
    assert record.fields == {"amount": Decimal(9644), "currency": "EUR", "name": "Acme"}
    assert [use.value for use in record.keys] == ["SO-1", "DEAL_1%", "C1"]
    assert record.modified_at == NOON + timedelta(minutes=1)


def test_a_relation_that_is_not_set_is_blank(source: TrytonSource) -> None:
    source.tryton.rows = [sale(1, party=None)]
    assert read(probe_of(source))[0].fields["name"] is None


def test_pages_follow_the_ids(source: TrytonSource, tryton: TrytonServer) -> None:
    assert ids(read(probe_of(source))) == ["1", "2", "3", "4", "5"]
    assert [method for method, _ in tryton.calls] == ["model.sale.sale.search_read"] * 3


def test_a_row_written_while_others_are_read_shifts_no_page(
    source: TrytonSource, tryton: TrytonServer
) -> None:
    with closing(probe_of(source)) as probe:
        pages = probe.changes("sales", ALL)
        found = ids(next(pages).records)
        tryton.rows = [row for row in tryton.rows if row["id"] != 1]
        tryton.rows[0]["write_date"] = ALL.until
        found += [native_id for page in pages for native_id in ids(page.records)]
    assert found == ["1", "2", "3", "4", "5"]


def test_a_row_that_was_never_written_counts_from_its_creation(
    source: TrytonSource, tryton: TrytonServer
) -> None:
    created = NOON + timedelta(hours=1)
    tryton.rows.append(sale(6, write_date=None, create_date=created))
    tryton.rows.append(sale(7, write_date=None, create_date=NOON))
    (record,) = read(probe_of(source), Window(created, created + timedelta(minutes=1)))
    assert (record.native_id, record.modified_at) == ("6", created)


def test_a_row_written_in_the_second_that_the_servers_clock_cuts_off_is_read(
    source: TrytonSource, tryton: TrytonServer
) -> None:
    tryton.rows.append(sale(6, write_date=NOON + timedelta(hours=1, milliseconds=700)))
    window = Window(NOON + timedelta(minutes=50), NOON + timedelta(hours=1))
    assert ids(read(probe_of(source), window)) == ["6"]


def test_another_stamp_may_be_the_cursor(source: TrytonSource, tryton: TrytonServer) -> None:
    earlier = NOON - timedelta(minutes=1)
    tryton.rows = [sale(1, confirmed=NOON), sale(2, confirmed=None), sale(3, confirmed=earlier)]
    window = Window(NOON, NOON + timedelta(minutes=1))
    assert ids(read(probe_of(source, cursor={"field": "confirmed"}), window)) == ["1"]


def test_a_model_without_cursor_is_read_whole(source: TrytonSource) -> None:
    assert len(read(probe_of(source, cursor=None), Window(NOON, NOON))) == 5


def test_the_domain_holds_for_every_way_to_read(source: TrytonSource, tryton: TrytonServer) -> None:
    tryton.rows[1]["state"] = "draft"
    with closing(probe_of(source, domain=[["state", "=", "draft"]])) as probe:
        assert ids(probe.fetch("sales", ["1", "2", "77", "x"]).records) == ["2"]
        assert ids(probe.lookup("sales", "invoice", ["SO-1", "SO-2"]).records) == ["2"]
        assert [list(some) for some in probe.native_ids("sales")] == [["2"]]
        assert ids(read(probe)) == ["2"]


def test_a_key_is_found_whatever_its_case_and_nothing_like_it(
    source: TrytonSource, tryton: TrytonServer
) -> None:
    tryton.rows += [sale(6, reference="deal_1%"), sale(7, reference="DEALx1x")]
    with closing(probe_of(source)) as probe:
        assert probe.capabilities("sales").lookup == {"invoice", "deal", "customer"}
        assert ids(probe.lookup("sales", "deal", ["DEAL_1%"]).records) == ["1", "6"]
        assert ids(probe.lookup("sales", "customer", ["C2", "C3"]).records) == ["2", "3"]


def test_a_key_that_cannot_be_searched_is_not_promised(source: TrytonSource) -> None:
    with closing(probe_of(source, unsearchable=["deal"])) as probe:
        assert "deal" not in probe.capabilities("sales").lookup
        with pytest.raises(Permanent, match="cannot be found"):
            probe.lookup("sales", "deal", ["X"])


def test_one_login_serves_many_calls_and_a_lost_session_is_opened_anew(
    source: TrytonSource, tryton: TrytonServer
) -> None:
    with closing(probe_of(source)) as probe:
        assert len(list(probe.changes("sales", ALL))) == 3
        assert tryton.logins == 1
        tryton.sessions.clear()
        assert len(list(probe.changes("sales", ALL))) == 3
        assert tryton.logins == 2


def test_a_wrong_password_is_final_and_never_shown(source: TrytonSource) -> None:
    with pytest.raises(Permanent) as caught:
        read(probe_of(source, password="canary-wrong"))
    assert caught.value.reason is Reason.CREDENTIALS
    assert "canary" not in f"{caught.value!r}{caught.value.__context__!r}"


@pytest.mark.parametrize(
    ("failure", "kind", "reason", "message"),
    [
        (["'total_amount'", ""], Permanent, Reason.SCHEMA, "knows no 'total_amount'"),
        (["'secret'", ""], Permanent, Reason.SCHEMA, "knows no such name"),
        (["'sale.sale'", ""], Permanent, Reason.SCHEMA, "knows no 'sale.sale'"),
        (['Missing search function for field "A" in "B".', ""], Permanent, Reason.UNSUPPORTED,
         "name its key in 'unsearchable'"),
        (["UserError", ["secret", ""]], Permanent, Reason.REFUSED, "refused with UserError"),
        (["the connection to secret was lost", ""], Transient, Reason.SERVER_ERROR, "failed"),
        (["ConcurrencyException", "secret"], Transient, Reason.SERVER_ERROR, "server error"),
        ("odd", Permanent, Reason.SCHEMA, "no list of results"),
    ],
)  # fmt: skip
def test_an_error_inside_a_good_answer_is_a_failure(
    source: TrytonSource, failure: object, kind: type[Exception], reason: Reason, message: str
) -> None:
    source.tryton.failure = failure
    with pytest.raises((Permanent, Transient), match=message) as caught:
        read(probe_of(source))
    assert (type(caught.value), caught.value.reason) == (kind, reason)
    assert "secret" not in str(caught.value)


def test_tagged_values_are_read() -> None:
    assert untag({"__class__": "Decimal", "decimal": "9644.00"}) == Decimal(9644)
    assert untag({"__class__": "date", "year": 2026, "month": 1, "day": 2}) == date(2026, 1, 2)
    assert untag(tag(NOON)) == NOON
    assert untag({"__class__": "timedelta", "seconds": 90}) == Decimal(90)
    assert untag([{"__class__": "Decimal", "decimal": "1"}]) == [Decimal(1)]


@pytest.mark.parametrize(
    "odd",
    [
        {"__class__": "datetime"},
        {"__class__": "Decimal", "decimal": "x"},
        {"__class__": "date", "year": 0, "month": 1, "day": 1},
        {"__class__": "bytes", "base64": "eA=="},
        {"plain": 1},
    ],
)
def test_odd_values_stay_for_the_mapper_to_refuse(odd: dict[str, Any]) -> None:
    assert untag(odd) == odd


@pytest.mark.parametrize("changed", [{"model": "Sale"}, {"model": "sale.sale;x"}, {"page_size": 0}])
def test_settings_that_make_no_sense_are_refused(
    source: TrytonSource, changed: dict[str, Any]
) -> None:
    with pytest.raises(ValidationError):
        probe_of(source, **changed)


def test_a_key_with_a_prefix_is_found_with_it_and_without(
    source: TrytonSource, tryton: TrytonServer
) -> None:
    tryton.rows = [
        sale(number, reference=text)
        for number, text in enumerate(["DEAL-7", "crm/deal-7", "CRM/DEAL-70", "ERP/DEAL-7"], 1)
    ]
    refers = {"deal": {"from": "reference", "strip_prefix": ["CRM/", "REF "]}}
    with closing(probe_of(source, refers=refers)) as probe:
        assert "deal" in probe.capabilities("sales").lookup
        assert ids(probe.lookup("sales", "deal", ["DEAL-7"]).records) == ["1", "2"]
