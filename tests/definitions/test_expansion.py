"""A system that uses a definition becomes one that says everything itself."""

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.plugins import Misfit
from probes.definitions.definition import read_definition
from probes.definitions.expansion import expand_system
from probes.definitions.layers import lay_over
from probes.rest import RestSystem

TEXTS = st.text(alphabet="abc", max_size=2)
TREES = st.recursive(
    st.one_of(TEXTS, st.integers(), st.booleans()),
    lambda below: st.one_of(
        st.lists(below, max_size=2),
        st.dictionaries(st.sampled_from(["one", "two", "three"]), below, max_size=3),
    ),
    max_leaves=8,
)
MAPPINGS = st.dictionaries(st.sampled_from(["one", "two", "three"]), TREES, max_size=3)

LEDGER = """
title: Ledger
sources: [https://ledger.example/api]
needs: {tenant: the tenant's short name}
values: {version: v1}
columns: {join: ", ", quote: '"', under: "values.", always: [_id]}
system:
  probe: rest
  base_url: https://<tenant>.ledger.example/<version>
  auth: {kind: api_key, name: X-Key}
stream:
  id: _id
  cursor: {field: values.changed.at}
  read: {path: "/<table>", body: {columns: <column_list>, text: "all of <columns>"}}
  by_key: {path: "/<table>", params: {filter: "<key> in {values}"}}
streams:
  invoice:
    entity: invoice
    values: {table: inv}
    map: {amount: values.total, currency: {from: values.money.code}, status: {constant: new}}
    defines: {invoice: values.number}
    refers: {deal: {from: values.deal, strip_prefix: [X]}, order: {from: [values.a, values.b]}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "ledger.yaml").write_text(LEDGER, encoding="utf-8")
    return tmp_path


def used(**others: Any) -> dict[str, Any]:
    return {"use": "ledger.yaml", "values": {"tenant": "acme"}, **others}


def test_what_the_landscape_says_is_laid_over_the_definition(folder: Path) -> None:
    system = expand_system(used(owner="finance", auth={"key": "${env:KEY}"}), folder)
    assert system == {
        "use": "ledger.yaml",
        "title": "Ledger",
        "owner": "finance",
        "probe": "rest",
        "base_url": "https://acme.ledger.example/v1",
        "auth": {"kind": "api_key", "name": "X-Key", "key": "${env:KEY}"},
    }


def test_another_kind_of_credential_replaces_the_whole(folder: Path) -> None:
    system = expand_system(used(auth={"kind": "basic", "username": "a"}), folder)
    assert system["auth"] == {"kind": "basic", "username": "a"}


def test_a_stream_asks_for_the_columns_that_it_maps_those_of_the_firm_too(folder: Path) -> None:
    streams = {"invoice": {"map": {"due_on": "values.due"}}}
    read = expand_system(used(streams=streams), folder)["streams"]["invoice"]["read"]
    columns = ["_id", "changed", "total", "money", "due", "number", "deal", "a", "b"]
    assert read["path"] == "/inv"
    assert read["body"]["columns"] == columns
    assert read["body"]["text"] == "all of " + ", ".join(f'"{each}"' for each in columns)


def test_records_are_found_by_keys_that_the_source_spells_as_they_are(folder: Path) -> None:
    stream = expand_system(used(streams={"invoice": None}), folder)["streams"]["invoice"]
    assert stream["lookup"] == {
        "invoice": {"path": "/inv", "params": {"filter": "number in {values}"}}
    }
    assert "by_key" not in stream


def test_null_takes_away_and_like_names_another_stream(folder: Path) -> None:
    streams = {"credits": {"like": "invoice", "values": {"table": "crd"}, "refers": None}}
    stream = expand_system(used(streams=streams), folder)["streams"]["credits"]
    assert stream["read"]["path"] == "/crd"
    assert "refers" not in stream
    assert not {"like", "values"} & stream.keys()


def test_a_stream_of_the_firms_own_takes_what_all_streams_share(folder: Path) -> None:
    own = {"entity": "project", "values": {"table": "prj"}, "map": {"name": "values.name"}}
    stream = expand_system(used(streams={"own": own}), folder)["streams"]["own"]
    assert stream["read"]["body"]["columns"] == ["_id", "changed", "name"]


@pytest.mark.parametrize(
    ("system", "at", "message"),
    [
        ({"use": "salesfroce"}, ("use",), "there is no definition 'salesfroce'"),
        ({"use": "absent.yaml"}, ("use",), "cannot be read: No such file"),
        ({"use": "ledger.yaml"}, ("values",), "needs 'tenant': the tenant's short name"),
        (used(values={"tenant": "a", "tennant": "b"}), ("values", "tennant"), "is no value"),
        (used(streams={"own": {"entity": "project"}}), ("streams", "own"), "'table' must be"),
        (used(streams={"a": {"like": "order"}}), ("streams", "a", "like"), "known are invoice"),
    ],
    ids=["unknown", "absent", "needs", "no-value", "unfilled", "like"],
)
def test_what_cannot_be_meant_is_refused_at_its_key(
    system: dict[str, Any], at: tuple[str, ...], message: str, folder: Path
) -> None:
    with pytest.raises(Misfit) as refused:
        expand_system(system, folder)
    assert refused.value.at == at
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [("title: [", "cannot be read"), ("title: Ledger", "sources: Field required")],
)
def test_a_damaged_definition_is_refused(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(Misfit, match=message):
        expand_system({"use": "bad.yaml"}, tmp_path)


def test_the_definition_of_the_how_to_makes_a_system_that_can_be_read(tmp_path: Path) -> None:
    page = Path(__file__).parents[2] / "docs" / "how-to" / "use-a-ready-definition.md"
    *_, written = re.findall(r"```yaml\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / "ledger.yaml").write_text(written, encoding="utf-8")
    given = {"use": "./ledger.yaml", "values": {"tenant": "acme"}, "auth": {"key": "secret"}}
    system = expand_system({**given, "streams": {"invoice": None}}, tmp_path)
    stream = RestSystem.model_validate(system).streams["invoice"]
    assert stream.read.params["fields"] == "id,changed_at,total,currency,number,order"
    assert stream.lookup["invoice"].params == {
        "fields": stream.read.params["fields"],
        "number": "{values}",
    }


@given(MAPPINGS, MAPPINGS)
def test_everything_above_is_seen_and_nothing_else_is_lost(
    base: dict[str, Any], above: dict[str, Any]
) -> None:
    joined = lay_over(base, above)
    assert joined.keys() == base.keys() | above.keys()
    assert all(joined[key] == base[key] for key in base.keys() - above.keys())
    assert lay_over(joined, above) == joined
    assert lay_over(base, {}) == base
    assert lay_over({}, above) == above


def test_a_definition_has_everything_of_the_one_it_extends_but_its_words_and_streams() -> None:
    base, above = read_definition("salesforce", Path()), read_definition("certinia", Path())
    assert (above.system, above.stream, above.values) == (base.system, base.stream, base.values)
    assert above.title != base.title
    assert above.notes != base.notes
    assert not above.streams.keys() & base.streams.keys()


@pytest.mark.parametrize(
    ("base", "why"),
    [
        ("nowhere", "no definition 'nowhere' to extend"),
        ("[salesforce]", "no definition .* to extend"),
        ("certinia", "'certinia' extends another definition itself"),
    ],
)
def test_what_cannot_be_extended_is_refused(tmp_path: Path, base: str, why: str) -> None:
    (tmp_path / "own.yaml").write_text(LEDGER + f"extends: {base}\n")
    with pytest.raises(Misfit, match=why):
        expand_system({"use": "own.yaml"}, tmp_path)
