"""Sources of every kind that show the same rows, good and bad, as their form allows."""

import csv
import io
import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Protocol

import polars as pl
import xlsxwriter

from tests.badinput.rows import BAD, TYPED, Bad
from tests.probes.sources.rabbitmq import RabbitSource, message
from tests.probes.sources.source import CANARY
from tests.probes.sources.tryton import TrytonServer
from tests.servers import Reply, ScriptedServer

Row = Mapping[str, Any]

COLUMNS = ("id", "deal", "budget", "status", "starts")
NOT_IN_IDS = {name: bad for name, bad in BAD.items() if "id" not in bad.values}


class Source(Protocol):
    """What a system shows.

    Attributes:
        bad: rows that can be said in its form.
        system: the landscape's section.
        prefix: of every path in the mapping but the id's.
    """

    bad: Mapping[str, Bad]
    system: str
    prefix: str

    def show(self, rows: Sequence[Row]) -> None: ...


class Rest:
    """A list without pages."""

    bad: Mapping[str, Bad] = {**BAD, **TYPED}
    prefix = ""

    def __init__(self, server: ScriptedServer) -> None:
        self._server = server
        self.system = f"""
            probe: rest
            base_url: {server.url}
            retry: {{tries: 1}}
            streams:
              project:
                read: {{path: /projects, select: items}}
        """

    def show(self, rows: Sequence[Row]) -> None:
        self.show_raw(json.dumps({"items": rows}))

    def show_raw(self, body: str) -> None:
        self.answer(Reply(body.encode()))

    def answer(self, reply: Reply) -> None:
        self._server.scripts["/projects"] = reply


class Files:
    """One file of some form."""

    prefix = ""
    bad: Mapping[str, Bad] = BAD

    def __init__(self, path: Path) -> None:
        self.path = path
        self.system = f"""
            probe: files
            as_of: now
            settle: 0s
            streams:
              project:
                path: {path}
        """

    def show(self, rows: Sequence[Row]) -> None:
        self.path.write_bytes(self.encode(rows))

    def encode(self, rows: Sequence[Row]) -> bytes:
        raise NotImplementedError


class JsonLines(Files):
    bad: Mapping[str, Bad] = {**BAD, **TYPED}

    def encode(self, rows: Sequence[Row]) -> bytes:
        return "".join(f"{json.dumps(row)}\n" for row in rows).encode()


class Csv(Files):
    bad: Mapping[str, Bad] = {name: bad for name, bad in BAD.items() if name != "key of 1 MB"}

    def encode(self, rows: Sequence[Row]) -> bytes:
        text = io.StringIO()
        writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        return text.getvalue().encode(errors="surrogatepass")


class Xlsx(Files):
    """XML has no NUL and no half pairs, a cell no more than 32,767 characters."""

    bad: Mapping[str, Bad] = {
        name: bad
        for name, bad in BAD.items()
        if name not in {"id with NUL", "NUL in text", "half a pair", "key of 1 MB"}
    }

    def encode(self, rows: Sequence[Row]) -> bytes:
        content = io.BytesIO()
        with xlsxwriter.Workbook(content) as book:
            sheet = book.add_worksheet()
            for place, row in enumerate([dict(zip(COLUMNS, COLUMNS, strict=True)), *rows]):
                for column, name in enumerate(COLUMNS):
                    sheet.write_string(place, column, row.get(name, ""))
        return content.getvalue()


class Parquet(Files):
    bad: Mapping[str, Bad] = {name: bad for name, bad in BAD.items() if name != "half a pair"}

    def encode(self, rows: Sequence[Row]) -> bytes:
        content = io.BytesIO()
        columns = {name: [row.get(name) for row in rows] for name in COLUMNS}
        pl.DataFrame(columns, schema=dict.fromkeys(COLUMNS, pl.String)).write_parquet(content)
        return content.getvalue()


class Sql:
    """A table whose columns take anything, as SQLite's do."""

    bad: Mapping[str, Bad] = BAD
    prefix = ""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.system = """
            probe: sql
            url: ${env:PSA_DATABASE}
            streams:
              project:
                table: projects
        """

    def show(self, rows: Sequence[Row]) -> None:
        with closing(sqlite3.connect(self._path)) as database, database:
            database.execute(f"CREATE TABLE IF NOT EXISTS projects ({', '.join(COLUMNS)})")
            database.execute("DELETE FROM projects")
            for row in rows:
                texts = (row.get(name) for name in COLUMNS)
                values = [text and text.encode(errors="surrogatepass") for text in texts]
                # As bytes, because half a surrogate pair cannot be bound as text.
                database.execute(
                    "INSERT INTO projects SELECT CAST(? AS TEXT), CAST(? AS TEXT),"
                    " CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS TEXT)",
                    values,
                )


class Tryton:
    """A model; its ids are always numbers."""

    bad: Mapping[str, Bad] = {
        **NOT_IN_IDS,
        **{name: bad for name, bad in TYPED.items() if "id" not in bad.values},
        "no such month": Bad(
            TYPED["object for money"].reason,
            {"starts": {"__class__": "date", "year": 2026, "month": 13, "day": 1}},
        ),
    }
    prefix = ""

    def __init__(self, server: ScriptedServer) -> None:
        self._server = server
        self._tryton = TrytonServer()
        self.system = f"""
            probe: tryton
            url: {server.url}
            database: psa
            user: admin
            password: ${{env:PASSWORD}}
            retry: {{tries: 1}}
            streams:
              project:
                model: project.work
        """

    def answer(self, reply: Reply) -> None:
        self._server.scripts["/psa/rpc/"] = reply

    def show(self, rows: Sequence[Row]) -> None:
        self._server.scripts["/psa/rpc/"] = self._tryton.answer
        self._tryton.rows = [{**row, "id": int(row["id"])} for row in rows]


class RabbitMq:
    """Dead letters; one without an id is known by its content."""

    bad: Mapping[str, Bad] = {
        **NOT_IN_IDS,
        "id of 10 kB": BAD["id of 10 kB"],
        "id with NUL": BAD["id with NUL"],
    }
    prefix = "payload."

    def __init__(self, source: RabbitSource) -> None:
        self._source = source
        self.system = f"""
            probe: rabbitmq
            url: {source.server.url}
            user: tieout
            password: ${{env:PASSWORD}}
            retry: {{tries: 1}}
            streams:
              project:
                kind: dead_letter
                queue: deals.dead
        """

    def show(self, rows: Sequence[Row]) -> None:
        self._source.messages = [message(dict(row), message_id=row["id"]) for row in rows]


@contextmanager
def opened(kind: str, folder: Path) -> Iterator[Source]:
    """A source of this kind."""
    path = folder / f"projects.{kind}"
    with ScriptedServer() as server:
        match kind:
            case "rest":
                yield Rest(server)
            case "tryton":
                yield Tryton(server)
            case "rabbitmq":
                rabbit = RabbitSource(folder)
                try:
                    yield RabbitMq(rabbit)
                finally:
                    rabbit.close()
            case "sql":
                yield Sql(path)
            case _:
                form = {"jsonl": JsonLines, "csv": Csv, "xlsx": Xlsx, "parquet": Parquet}[kind]
                yield form(path)


KINDS = ("rest", "sql", "csv", "xlsx", "jsonl", "parquet", "tryton", "rabbitmq")

VARIABLES = {"PASSWORD": CANARY}
