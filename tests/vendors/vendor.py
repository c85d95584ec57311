"""What stands in for a vendor's system on loopback, and what a contract test asks of it.

A stand-in speaks the vendor's protocol as documented. Its own proof is a client library of the
vendor or its community, unmodified: see `tests/vendors/clients`. What passes against a stand-in
proves tieout's reading of that protocol, not the vendor's system.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from threading import Lock
from typing import Any, ClassVar, Self

from tests.servers import Reply, Request, ScriptedServer

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
CANARY = "canary-c0ffee42"
"""Stands wherever the settings take a secret, and must never be seen again."""


@dataclass(frozen=True)
class Row:
    """A business object as every vendor can hold it.

    Attributes:
        id: native id; digits, which a stand-in may dress as its vendor does.
        number: the business key.
        name: text.
        amount: money, with cents.
        modified_at: stamp, aware UTC, to the whole second.
        custom: of a field that the firm added.
    """

    id: str
    number: str
    name: str = "Name"
    amount: Decimal = Decimal("1234.56")
    modified_at: datetime = NOON
    custom: str = "East"


def row(number: int, **others: Any) -> Row:
    """A row whose stamp is as many seconds after noon as its number says."""
    stamp = NOON + timedelta(seconds=number)
    return Row(**{"id": str(number), "number": f"D-{number}", "name": f"Deal {number}",
                  "modified_at": stamp, **others})  # fmt: skip


class Vendor(ABC):
    """A vendor's server with one stream of rows."""

    stream: ClassVar[str]
    """The ready stream whose rows it holds."""
    money: ClassVar[str]
    """Where the vendor sends the amount, or else something that is no free text."""
    page: ClassVar[int] = 10
    """Rows that it hands out at once, fewer than the vendor does."""
    issues_tokens: ClassVar[bool] = True
    """Whether tokens end, and are given out anew."""
    exempt: ClassVar[Mapping[str, str]] = {}
    """By test, why it is not for this vendor."""
    throttle: ClassVar[Reply] = Reply({"error": "slow down"}, status=429)
    """How the vendor says that it is asked too often, without a header."""

    def __init__(self) -> None:
        self.rows: dict[str, Row] = {}
        self.deleted: dict[str, Row] = {}
        self.tokens: set[str] = set()
        self.is_shut = False
        self.spoilt: str | None = None
        self._issued = 0
        self._disturbances: list[Reply] = []
        self._after = 0
        self._lock = Lock()
        self.server = ScriptedServer(otherwise=self._serve)

    @property
    @abstractmethod
    def system(self) -> dict[str, Any]:
        """The system as a landscape would describe it: the definition, an address, a credential.

        The stream maps a field of the firm's own to `region`.
        """

    @abstractmethod
    def answer(self, request: Request) -> Reply:
        """What the vendor answers to a request of somebody who is logged in."""

    @abstractmethod
    def native(self, row: Row) -> dict[str, Any]:
        """The row as the vendor sends it."""

    def expected(self, row: Row) -> dict[str, Any]:
        """Canonical fields of the record that the row becomes."""
        return {"name": row.name, "amount": row.amount, "region": row.custom}

    def native_id(self, number: int) -> str:
        """The native id of the row with this number."""
        return str(number)

    def sent(self, row: Row) -> dict[str, Any]:
        """The same; of the spoilt row, with a word where none can stand."""
        shown = self.native(row)
        return {**shown, self.money: "plenty"} if row.id == self.spoilt else shown

    def refusal(self) -> Reply:
        """What the vendor answers to somebody who is not logged in, or no longer."""
        return Reply({"error": "not logged in"}, status=401)

    def log_in(self, request: Request) -> Reply | None:
        """The answer to a request for a token; None where it is none."""
        return None

    def is_known(self, request: Request) -> bool:
        """Whether the request carries a credential that holds."""
        return request.headers.get("authorization", "").removeprefix("Bearer ") in self.tokens

    def issue(self) -> str:
        """A token that holds from now on."""
        self._issued += 1
        token = f"{CANARY}-{self._issued}"
        self.tokens.add(token)
        return token

    def put(self, rows: Sequence[Row]) -> None:
        """Make or change these rows."""
        self.rows.update((each.id, each) for each in rows)

    def delete(self, number: str, at: datetime) -> None:
        """Delete a row as the vendor's users do."""
        gone = self.rows.pop(number)
        self.deleted[number] = Row(gone.id, gone.number, gone.name, gone.amount, at, gone.custom)

    def disturb(self, *replies: Reply, after: int = 0) -> None:
        """Answer so to the next requests but for some, which are answered as usual."""
        self._disturbances, self._after = list(replies), after

    def expire_tokens(self) -> None:
        """Let every token end now."""
        self.tokens.clear()

    def __enter__(self) -> Self:
        self.server.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self.server.__exit__(None, None, None)

    def _serve(self, request: Request) -> Reply:
        with self._lock:
            if self.is_shut:
                return self.refusal()
            if (token := self.log_in(request)) is not None:
                return token
            if not self.is_known(request):
                return self.refusal()
            if self._disturbances and self._after == 0:
                return self._disturbances.pop(0)
            self._after = max(0, self._after - 1)
            return self.answer(request)
