"""Bad rows in a stream of which only changes are asked for."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from monitor.core.model import RejectReason
from monitor.store.database import Database
from tests.badinput.firm import watched
from tests.badinput.rows import GOOD
from tests.badinput.sources import Rest
from tests.servers import Reply, Request, ScriptedServer

LONG_AGO = "2026-01-05T00:00:00Z"


def test_a_bad_change_is_set_aside_until_a_good_one_comes(
    tmp_path: Path, database: Database
) -> None:
    rows = [{**row, "updated": LONG_AGO} for row in GOOD]
    rows += [
        {**GOOD[1], "id": "3", "budget": "ten", "updated": LONG_AGO},
        {**GOOD[1], "id": "4", "updated": "the day before"},
        {**GOOD[1], "id": "5", "updated": None},
    ]

    def changed(request: Request) -> Reply:
        since = request.param("since")
        return Reply({"items": [row for row in rows if str(row["updated"]) >= since]})

    with ScriptedServer({"/projects": changed}) as server:
        source = Rest(server)
        source.system = source.system.replace(
            "select: items}", "select: items, since_param: since}"
        )
        source.system += "        cursor: {field: updated}\n"
        with watched(source, tmp_path, database) as firm:
            firm.look()
            assert {each.reject.native_id: each.reject.reason for each in firm.set_aside()} == {
                "3": RejectReason.WRONG_TYPE,
                "4": RejectReason.WRONG_TYPE,
                "5": RejectReason.NO_STAMP,
            }
            assert firm.breaks() == {("D1", "mismatch", "amount")}
            firm.look()
            assert len(firm.set_aside()) == 3

            now = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
            rows[0] = {**rows[0], "budget": "a lot", "updated": now}
            rows[2:] = [{**GOOD[1], "id": row["id"], "updated": now} for row in rows[2:]]
            firm.look()
            assert {each.reject.native_id for each in firm.set_aside()} == {"1"}
            assert firm.deals()["D1"] == {"D1", "1"}
            assert firm.breaks() == {("D1", "mismatch", "amount")}

            rows[0] = {**rows[0], "budget": "10.00", "updated": datetime.now(UTC).isoformat()}
            firm.look()
            assert firm.set_aside() == []
            assert firm.breaks() == set()
