"""Audit logs to tamper with."""

import io
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import text

from monitor.evidence_pack.auditing import export_log
from monitor.evidence_pack.heads import HeadFile, sign_head
from monitor.evidence_pack.keys import make_key, open_signer
from monitor.evidence_pack.verify import read_lines
from monitor.store.audit import append_audit
from monitor.store.database import Database

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOSTILE = "=cmd|'/c calc'!A1\t\"\\\u2028\x7f<script>é\x00"


def minute(count: int) -> datetime:
    return NOON + timedelta(minutes=count)


@dataclass(frozen=True)
class KeptLog:
    """A store with a log, its key and the file in which heads are held."""

    database: Database
    folder: Path

    @property
    def held(self) -> HeadFile:
        return HeadFile(self.folder / "heads.jsonl")

    @property
    def keys(self) -> Path:
        return self.folder / "keys"

    def add(self, count: int) -> None:
        for number in range(count):
            with self.database.write() as connection:
                append_audit(
                    connection,
                    at=minute(number),
                    who="ann " + HOSTILE.replace("\0", ""),
                    action="approve",
                    subject=f"plan {number}",
                    detail={"b": number, "a": HOSTILE},
                )

    def sign(self, at: int = 60) -> None:
        sign_head(self.database, open_signer(self.keys, self.database), minute(at), [self.held])

    def rotate(self, at: int = 60) -> str:
        return make_key(self.keys, self.database, minute(at), "ann")

    def export(self) -> tuple[bytes, bytes, bytes]:
        files = io.BytesIO(), io.BytesIO(), io.BytesIO()
        export_log(self.database, *files)
        log, heads, keys = (file.getvalue() for file in files)
        return log, heads, keys

    def statements(self) -> tuple[bytes, list[dict[str, object]], list[dict[str, object]]]:
        """The export: the log's text, its heads, the keys."""
        log, heads, keys = self.export()
        return log, read_lines(heads, "heads"), read_lines(keys, "keys")

    def tamper(self, *statements: str) -> None:
        """What somebody with full rights on the database could do."""
        with self.database.write() as connection:
            for name in ("audit", "signed_head", "signing_key"):
                if self.database.dialect == "sqlite":
                    connection.execute(text(f"DROP TRIGGER IF EXISTS {name}_refuses_update"))
                    connection.execute(text(f"DROP TRIGGER IF EXISTS {name}_refuses_delete"))
                else:
                    connection.execute(
                        text(f"DROP TRIGGER IF EXISTS {name}_is_append_only ON {name}")
                    )
            for statement in statements:
                connection.execute(text(statement))
