"""How each simulated system speaks: a row each, no two alike."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from monitor.core.clock import Clock
from monitor.simulation.access import (
    Access,
    ClientCredentials,
    FixedHeader,
    FixedParameter,
    Login,
    basic,
)
from monitor.simulation.chance import seeded
from monitor.simulation.exchange import Refusal
from monitor.simulation.paging import (
    Cut,
    cut_by_cursor,
    cut_by_keyset,
    cut_by_link_header,
    cut_by_next_link,
    cut_by_number,
    cut_by_offset,
    read_instant,
    whole_number,
)


@dataclass(frozen=True, slots=True)
class Dialect:
    """The manners of one system's API.

    Attributes:
        prefix: what stands before the names of collections in paths.
        cut: how lists are paged.
        page_params: parameters that paging reads.
        since: parameter with the first stamp of the window, included.
        until: parameter with the stamp that ends it, not included.
        read_stamp: reads either.
        keeps_deleted: deleted rows go on being shown, with a flag.
        repeats_rows: a page can hold rows twice without its reader losing count.
        id_fields: what a list of ids says of each row; the first is the id.
        quota: calls allowed an hour and told in headers; None: no limit.
    """

    prefix: str
    cut: Cut
    page_params: frozenset[str]
    since: str
    until: str
    read_stamp: Callable[[str], datetime] = read_instant
    keeps_deleted: bool = False
    repeats_rows: bool = True
    id_fields: tuple[str, ...] = ("id",)
    quota: int | None = None


def _read_epoch_ms(text: str) -> datetime:
    milliseconds = whole_number(text)
    if milliseconds is None:
        raise Refusal(400, "a stamp must be milliseconds since 1970")
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)


DIALECTS: Mapping[str, Dialect] = {
    "crm": Dialect(
        prefix="/api/v1/",
        cut=cut_by_cursor,
        page_params=frozenset({"limit", "cursor"}),
        since="updated_since",
        until="updated_before",
        keeps_deleted=True,
    ),
    "cpq": Dialect(
        prefix="/cpq/",
        cut=cut_by_offset,
        page_params=frozenset({"limit", "offset"}),
        since="modifiedFrom",
        until="modifiedTo",
        repeats_rows=False,
        id_fields=("quoteId",),
    ),
    "contracts": Dialect(
        prefix="/repository/",
        cut=cut_by_next_link,
        page_params=frozenset({"size", "page_token", "api_key"}),
        since="changed_from",
        until="changed_before",
        keeps_deleted=True,
        id_fields=("contract_number",),
    ),
    "psa": Dialect(
        prefix="/rest/",
        cut=cut_by_number,
        page_params=frozenset({"page", "per_page"}),
        since="since",
        until="until",
    ),
    "erp": Dialect(
        prefix="/v2/",
        cut=cut_by_keyset,
        page_params=frozenset({"top", "after_id", "after_modified"}),
        since="modified_ge",
        until="modified_lt",
        keeps_deleted=True,
        id_fields=("id", "modified"),
        quota=20_000,
    ),
    "middleware": Dialect(
        prefix="/",
        cut=cut_by_link_header,
        page_params=frozenset({"count", "from"}),
        since="from_ms",
        until="to_ms",
        read_stamp=_read_epoch_ms,
        id_fields=("messageId",),
    ),
}
"""By system."""

Credentials = Mapping[str, Mapping[str, str]]
"""Secrets and names by system and by what they are called there."""


def issue_credentials(seed: int) -> Credentials:
    """Credentials for every system."""
    random = seeded(seed, "credentials")

    def secret() -> str:
        return f"{random.getrandbits(96):024x}"

    return {
        "crm": {"token": secret()},
        "cpq": {"key": secret()},
        "contracts": {"key": secret()},
        "psa": {"client_id": "tieout", "client_secret": secret()},
        "erp": {"user": "tieout", "password": secret()},
        "middleware": {"user": "tieout", "password": secret()},
    }


def open_access(system: str, credentials: Mapping[str, str], clock: Clock) -> Access:
    """The door of a system."""
    match system:
        case "crm":
            return FixedHeader("Authorization", f"Bearer {credentials['token']}")
        case "cpq":
            return FixedHeader("X-API-Key", credentials["key"])
        case "contracts":
            return FixedParameter("api_key", credentials["key"])
        case "psa":
            return ClientCredentials(credentials["client_id"], credentials["client_secret"], clock)
        case "erp":
            return FixedHeader("Authorization", basic(credentials["user"], credentials["password"]))
        case "middleware":
            return Login(credentials["user"], credentials["password"], clock)
        case _:
            raise ValueError(f"no system is called '{system}'")
