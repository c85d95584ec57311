from typing import Any

import pytest
from pydantic import ValidationError

from monitor.core.errors import Permanent, Reason
from probes.rest import RestSystem
from tests.probes.rest.scene import EVERYTHING, STREAM, Probes, item, read
from tests.servers import Reply, ScriptedServer


@pytest.mark.parametrize(
    "document",
    [
        {"error": "maintenance"},
        {"data": None},
        [],
        "",
        None,
        {"item": []},
        [[]],
    ],
)
def test_an_answer_of_another_shape_is_no_empty_list(
    server: ScriptedServer, probes: Probes, document: Any
) -> None:
    server.scripts["/rows"] = Reply(document)
    with pytest.raises(Permanent) as caught:
        read(probes.open())
    assert caught.value.reason is Reason.SCHEMA


@pytest.mark.parametrize("document", [{"items": []}, {"items": None}])
def test_an_empty_list_is_one(server: ScriptedServer, probes: Probes, document: Any) -> None:
    server.scripts["/rows"] = Reply(document)
    assert read(probes.open()) == []


def test_a_poisoned_row_is_set_aside_and_the_rest_goes_on(
    server: ScriptedServer, probes: Probes
) -> None:
    poison: list[Any] = [
        None,
        7,
        [],
        {"name": "no id"},
        item(3, amount="NaN"),
        item(4, amount={"a": 1}),
    ]
    server.scripts["/rows"] = Reply({"items": [item(1, amount="1.10"), *poison, item(2)]})
    (page,) = probes.open().changes("project", EVERYTHING)
    assert [record.native_id for record in page.records] == ["1", "2"]
    assert len(page.rejects) == len(poison)


def test_money_keeps_every_digit(server: ScriptedServer, probes: Probes) -> None:
    server.scripts["/rows"] = Reply(b'{"items": [{"id": 1, "amount": 12345678901234567.89}]}')
    (record,) = read(probes.open())
    assert str(record.fields["amount"]) == "12345678901234567.89"


@pytest.mark.parametrize("url", ["http://ada:pw@h", "http://ada@h", "http://h/?key=1", "ftp://h"])
def test_a_base_url_holds_no_secret(url: str) -> None:
    with pytest.raises(ValidationError) as caught:
        RestSystem.model_validate(
            {"probe": "rest", "base_url": url, "streams": {"project": STREAM}}
        )
    assert "pw" not in str(caught.value)
