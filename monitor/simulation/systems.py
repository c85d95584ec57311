"""One simulated system: checks who asks, finds the rows, cuts the page, suffers its troubles."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Lock
from urllib.parse import urlencode

from monitor.core.model import StreamId
from monitor.simulation.access import Access
from monitor.simulation.deals import canonical_key
from monitor.simulation.dialects import Dialect
from monitor.simulation.disturbance import Trouble, Troubles
from monitor.simulation.exchange import Delivery, Refusal, Reply, Request, json_reply
from monitor.simulation.paging import Sheet
from monitor.simulation.rendering import render
from monitor.simulation.tables import Version
from monitor.simulation.world import World

_FILTERS = frozenset({"ids", "deal", "project"})
_DELIVERIES: Mapping[Trouble, Delivery] = {
    Trouble.BROKEN_OFF: Delivery.BROKEN_OFF,
    Trouble.CUT: Delivery.CUT,
    Trouble.CUT_UNSIZED: Delivery.CUT_UNSIZED,
}


class SimulatedSystem:
    """The API of one system: an `Application`.

    Each object type is a collection with a list, a list of ids alone (`…/ids`), and its rows by
    id. Lists take a half-open window of stamps, `ids`, `deal` and `project`, the last three with
    several values between commas. Keys are searched as a search box does: without regard to
    case, blanks and prefix. Unknown parameters are refused.
    """

    def __init__(
        self, name: str, dialect: Dialect, access: Access, world: World, troubles: Troubles
    ) -> None:
        self._name = name
        self._dialect = dialect
        self._access = access
        self._world = world
        self._troubles = troubles
        self._quota = _Quota(dialect.quota, world) if dialect.quota else None

    def __call__(self, request: Request) -> Reply:
        """Answer one request.

        Raises:
            Refusal: the request cannot be granted.
        """
        target = f"{request.path}?{urlencode(sorted(request.query.items()))}"
        trouble = self._troubles.next(self._name, target)
        if trouble is Trouble.DROPPED:
            return Reply(503, delivery=Delivery.NOTHING)
        if trouble is Trouble.THROTTLED:
            return self._throttle(self._troubles.retry_after)
        if trouble is Trouble.SERVER_ERROR:
            return json_reply({"error": "internal error"}, 500)
        reply = self._within_quota(request, trouble)
        if trouble is None:
            return reply
        return replace(reply, delivery=_DELIVERIES.get(trouble, Delivery.WHOLE))

    def _within_quota(self, request: Request, trouble: Trouble | None) -> Reply:
        if self._quota is None:
            return self._answer(request, trouble)
        remaining, seconds_left = self._quota.take()
        if remaining < 0:
            return self._throttle(seconds_left)
        reply = self._answer(request, trouble)
        told = {
            "X-RateLimit-Limit": str(self._quota.limit),
            "X-RateLimit-Remaining": str(remaining),
        }
        return replace(reply, headers={**reply.headers, **told})

    def _throttle(self, seconds: int) -> Reply:
        return json_reply({"error": "too many requests"}, 429, {"Retry-After": str(seconds)})

    def _answer(self, request: Request, trouble: Trouble | None) -> Reply:
        granted = self._access.grant(request)
        if granted is not None:
            return granted
        self._access.check(request)
        if request.method != "GET":
            raise Refusal(405, "this system is read only")
        collection, _, row_id = request.path.removeprefix(self._dialect.prefix).partition("/")
        table = self._world.tables.get(StreamId(self._name, collection))
        if table is None or not request.path.startswith(self._dialect.prefix):
            raise Refusal(404, "there is no such collection")
        if row_id and row_id != "ids":
            return self._one(table.get(row_id))
        sheet = self._dialect.cut(self._select(table.ordered(), request), request, collection)
        return self._list(sheet, trouble, ids_only=bool(row_id))

    def _one(self, version: Version | None) -> Reply:
        if version is None or not self._shows(version):
            raise Refusal(404, "there is no such row")
        return json_reply(render(version.row, version))

    def _list(self, sheet: Sheet, trouble: Trouble | None, *, ids_only: bool) -> Reply:
        versions = _rearrange(sheet.versions, trouble, repeats_rows=self._dialect.repeats_rows)
        rows = [render(version.row, version) for version in versions]
        if ids_only:
            rows = [{name: row[name] for name in self._dialect.id_fields} for row in rows]
        return json_reply(sheet.wrap(rows), headers=sheet.headers)

    def _shows(self, version: Version) -> bool:
        return self._dialect.keeps_deleted or not version.deleted

    def _select(self, versions: Sequence[Version], request: Request) -> list[Version]:
        dialect, query = self._dialect, request.query
        unknown = query.keys() - dialect.page_params - _FILTERS - {dialect.since, dialect.until}
        if unknown:
            raise Refusal(400, f"unknown parameter '{min(unknown)}'")
        chosen = [version for version in versions if self._shows(version)]
        if dialect.since in query:
            since = dialect.read_stamp(query[dialect.since])
            chosen = [version for version in chosen if version.modified_at >= since]
        if dialect.until in query:
            until = dialect.read_stamp(query[dialect.until])
            chosen = [version for version in chosen if version.modified_at < until]
        if "ids" in query:
            ids = set(query["ids"].split(","))
            chosen = [version for version in chosen if version.row.id in ids]
        if "deal" in query:
            deals = {canonical_key(typed) for typed in query["deal"].split(",")}
            chosen = [version for version in chosen if version.row.deal in deals]
        if "project" in query:
            projects = set(query["project"].split(","))
            chosen = [
                version
                for version in chosen
                if getattr(version.row, "project_id", None) in projects
            ]
        return chosen


def _rearrange(
    versions: Sequence[Version], trouble: Trouble | None, *, repeats_rows: bool
) -> Sequence[Version]:
    if trouble is Trouble.REPEATED_ROWS and repeats_rows:
        return [*versions, *versions]
    if trouble in {Trouble.REPEATED_ROWS, Trouble.REORDERED_ROWS}:
        return [*reversed(versions)]
    return versions


class _Quota:
    """Calls allowed in each hour of the firm's clock."""

    def __init__(self, limit: int, world: World) -> None:
        self.limit = limit
        self._world = world
        self._lock = Lock()
        self._hour: datetime | None = None
        self._used = 0

    def take(self) -> tuple[int, int]:
        """Use one call; returns what remains (-1: none was left) and seconds to the next hour."""
        now = self._world.now()
        hour = now.replace(minute=0, second=0, microsecond=0)
        with self._lock:
            if hour != self._hour:
                self._hour, self._used = hour, 0
            self._used += 1
            seconds_left = int((hour + timedelta(hours=1) - now).total_seconds()) + 1
            return max(-1, self.limit - self._used), seconds_left
