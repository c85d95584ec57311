"""Declarations that cannot be meant are refused at their line, before anything is read."""

from pathlib import Path

import pytest

from monitor.app import read_landscape
from monitor.config import ConfigurationError

LANDSCAPE = """\
version: 1
firm: {{name: Alder & Birch}}
systems:
  erp:
{system}
flows: {{}}
"""
REST = """\
    probe: rest
    base_url: http://localhost:1
    auth: {{kind: bearer, token: "${{env:READ}}"}}
    write: {{auth: {{kind: bearer, token: "${{env:WRITE}}"}}}}
    streams:
{streams}
"""
STREAM = """\
      {name}:
        entity: invoice
        id: id
        map:
          status: {{from: state, values: {{O: open, N: open, P: paid}}}}
          amount: total
          currency: {{constant: EUR}}
          issued_on: dates[0].day
        refers: {{deal: deal}}
        read: {{path: /invoices}}
        {fetch}
        lookup: {{{lookup}}}
        write: {write}
"""
FETCH = "fetch: {path: '/invoices/{id}'}"
LOOKUP = "deal: {path: /invoices, param: deal}"
SQL = """\
    probe: sql
    url: "${{env:READ}}"
    {credential}
    streams:
      invoice:
        entity: invoice
        id: id
        {source}
        map: {{status: state, amount: details.total}}
        refers: {{deal: deal, old: {{from: deal, split: ","}}}}
        write: {write}
"""
TRYTON = """\
    probe: tryton
    url: http://localhost:1
    database: erp
    user: tieout
    password: "${{env:READ}}"
    {credential}
    streams:
      invoice:
        entity: invoice
        model: account.invoice
        map: {{status: state, currency: currency.code}}
        refers: {{deal: reference}}
        write: {write}
"""
RABBITMQ = """\
    probe: rabbitmq
    url: http://localhost:1
    user: tieout
    password: "${{env:READ}}"
    {credential}
    streams:
      message:
        kind: {kind}
        queue: deals
        entity: message
        map: {{number: message_id}}
        write: {{replay: {{}}}}
"""
SECRETS = {"READ": "postgresql://reader:secret@localhost/erp", "WRITE": "write-secret"}


def refusals(system: str, folder: Path, file: str = "landscape.yaml") -> list[tuple[str, str]]:
    """Where below the system, and in what words."""
    path = folder / file
    path.write_text(LANDSCAPE.format(system=system.rstrip()), encoding="utf-8")
    with pytest.raises(ConfigurationError) as refused:
        read_landscape(path, SECRETS)
    lines = path.read_text(encoding="utf-8").splitlines()
    found = []
    for issue in refused.value.issues:
        assert issue.line <= len(lines)
        assert "secret" not in issue.message
        if issue.path.startswith("systems."):
            found.append((issue.path.removeprefix("systems.erp").lstrip("."), issue.message))
    return found


def rest(*writes: str, fetch: str = FETCH, lookup: str = LOOKUP) -> str:
    """A system with one stream for each way to write it: `invoice`, `invoice-1`, …"""
    streams = (
        STREAM.format(name=name_of(n), write=write, fetch=fetch, lookup=lookup)
        for n, write in enumerate(writes)
    )
    return REST.format(streams="".join(streams))


def name_of(number: int) -> str:
    return f"invoice-{number}" if number else "invoice"


UNSHAPED = [
    ("{create: {path: /}}", "create",
     ("the answer must show the new record's id: give its path as 'id', or a header that ends"
     " with it as 'id_header'")),
    ("{create: {path: /, id: id, idempotency: {}}}", "create.idempotency",
     "idempotency is one of 'header', 'field' and 'unique'"),
]  # fmt: skip
UNMEANT = [
    ("{fields: {number: no}, update: {path: '/{id}'}}", "fields.number",
     "the stream does not map a field 'number'"),
    ("{fields: {statu: state}, update: {path: '/{id}'}}", "fields.statu",
     "the stream does not map a field 'statu'; did you mean 'status'?"),
    ("{fields: {status: state}, update: {path: '/{id}'}}", "fields.status",
     "'O' and 'N' both mean 'open': say in 'values' which of them is written"),
    ("{fields: {status: {values: {open: X}}}, update: {path: '/{id}'}}", "fields.status",
     "'X' is not read as 'open', so it cannot be written for it"),
    ("{fields: {currency: currency}, update: {path: '/{id}'}}", "fields.currency",
     "field 'currency' is a constant of the mapping: there is nothing to write it to"),
    ("{fields: {issued_on: {}}, update: {path: '/{id}'}}", "fields.issued_on",
     "'dates[0].day' leads through a list: nothing can be written there"),
    ("{fields: {amount: total, issued_on: total.day}, update: {path: '/{id}'}}",
     "fields.issued_on", "fields 'amount' and 'issued_on' are written to one place"),
    ("{keys: {dael: deal}, create: {path: /, id: id}}", "keys.dael",
     "the stream has no key 'dael'; did you mean 'deal'?"),
    ("{keys: {deal: 'deals[*]'}, create: {path: /, id: id}}", "keys.deal",
     "'deals[*]' leads through a list: nothing can be written there"),
    ("{create: {path: '/{id}', id: id}}", "create", "nothing stands for '{id}' here"),
    ("{create: {path: /, id: id, idempotency: {field: 'a[0]'}}}", "create.idempotency.field",
     "'a[0]' leads through a list: nothing can be written there"),
    ("{create: {path: /, id: id, constants: {'a[0]': 1}}}", "create.constants",
     "'a[0]' leads through a list: nothing can be written there"),
    ("{create: {method: PUT, path: /, id: id}}", "create",
     "a PUT creates the record that its path names, and this path names none"),
    ("{update: {path: /}}", "update",
     "the request does not say which record it means: '{id}' is missing"),
    ("{update: {path: '/{native_id}'}}", "update", "nothing stands for '{native_id}' here"),
    ("{delete: {path: /}}", "delete",
     "the request does not say which record it means: '{id}' is missing"),
    ("{update: {path: '/{id}', precondition: {kind: version, field: 'v[0]'}}}",
     "update.precondition", "'v[0]' leads through a list: nothing can be written there"),
    ("{triggers: {bill: {path: '/{dael}'}}}", "triggers.bill",
     "nothing stands for '{dael}' here; did you mean 'deal'?"),
    ("{triggers: {bill: {path: /, body: [], idempotency: {field: key}}}}",
     "triggers.bill.idempotency", "the body is no object, so it has no 'field'"),
]  # fmt: skip


@pytest.mark.parametrize("declared", [UNSHAPED, UNMEANT], ids=["unshaped", "unmeant"])
def test_declarations_for_a_json_api_that_cannot_be_meant(
    declared: list[tuple[str, str, str]], tmp_path: Path
) -> None:
    wanted = [
        (f"streams.{name_of(n)}.write.{at}", message) for n, (_, at, message) in enumerate(declared)
    ]
    system = rest(*(write for write, _, _ in declared))
    assert sorted(refusals(system, tmp_path)) == sorted(wanted)


def test_the_line_is_that_of_the_fault(tmp_path: Path) -> None:
    path = tmp_path / "landscape.yaml"
    fields = "\n            amount: total\n            colour: colour"
    write = f"\n          fields:{fields}\n          update: {{path: '/{{id}}'}}"
    text = LANDSCAPE.format(system=rest(write))
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError) as refused:
        read_landscape(path, SECRETS)
    wanted = 1 + text.splitlines().index("            colour: colour")
    assert wanted in {issue.line for issue in refused.value.issues}


@pytest.mark.parametrize(
    ("system", "at", "message"),
    [
        (rest("{update: {path: '/{id}'}}", fetch=""), "streams.invoice.write.update",
         "records that are changed must be readable by id: 'fetch' is missing"),
        (rest("{update: {path: '/{id}', precondition: {kind: etag}}}",
              fetch="fetch: {path: /invoices, param: ids}"), "streams.invoice.write.update",
         "an ETag belongs to one record, but 'fetch' reads lists; give its 'field'"),
        (rest("{create: {path: /, id: id}}", lookup=""), "streams.invoice.write.create",
         ("a stream in which records are created needs a 'lookup' by key: else nobody can tell"
         " whether a record exists")),
        (rest("{delete: {path: '/{id}'}}").replace("    write: {auth", "    # {auth"), "",
         "streams are written: 'write' needs an 'auth' of its own for that"),
        (SQL.format(source="query: SELECT * FROM invoices", write="{update: {}}",
                    credential='write: {url: "${env:WRITE}"}'), "streams.invoice.write",
         "a query cannot be written: give its 'table'"),
        (SQL.format(source="table: invoices", write="{fields: {amount: {}}, update: {}}",
                    credential='write: {url: "${env:WRITE}"}'),
         "streams.invoice.write.fields.amount",
         "'details.total' is not of the record itself: nothing can be written there"),
        (SQL.format(source="table: invoices", write="{create: {constants: {a: '{dael}'}}}",
                    credential='write: {url: "${env:WRITE}"}'),
         "streams.invoice.write.create.constants", "nothing stands for '{dael}' here"),
        (SQL.format(source="table: invoices", write="{delete: {}}", credential=""), "",
         "tables are written: 'write' needs a 'url' of its own for that"),
        (TRYTON.format(write="{fields: {currency: {}}, update: {}}",
                       credential='write: {user: a, password: "${env:WRITE}"}'),
         "streams.invoice.write.fields.currency",
         "'currency.code' is not of the record itself: nothing can be written there"),
        (TRYTON.format(write="{buttons: {state: {cancelled: cancel}}}",
                       credential='write: {user: a, password: "${env:WRITE}"}'),
         "streams.invoice.write.buttons.state",
         "the stream does not map a field 'state'; did you mean 'status'?"),
        (TRYTON.format(write="{update: {}}", credential=""), "",
         "models are written: 'write' needs a user and a password for that"),
        (RABBITMQ.format(kind="dead_letter", credential=""), "",
         "messages are replayed: 'write' needs a user and a password for that"),
        (RABBITMQ.format(kind="audit", credential='write: {user: a, password: "${env:WRITE}"}'),
         "streams.message", "only messages of kind 'dead_letter' can be replayed"),
    ],
)  # fmt: skip
def test_a_declaration_that_cannot_be_meant(
    system: str, at: str, message: str, tmp_path: Path
) -> None:
    assert (at, message) in refusals(system, tmp_path)
