"""pm4py, in an environment of its own, reads what tieout writes and draws the process."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.mining.exporting import LogFormat, export_log
from monitor.simulation.ledger import FaultKind
from monitor.simulation.rows import Opportunity
from tests.e2e.environments import install
from tests.e2e.processes import run
from tests.firm.watching import fresh_store, watched

pytestmark = pytest.mark.e2e

LOCK = Path(__file__).parent / "requirements-pm4py.lock"
PNG = b"\x89PNG\r\n\x1a\n"

# Run by another interpreter: nothing of pm4py is ever part of this process.
READ_AND_DRAW = """
import json, sys, warnings
warnings.filterwarnings("ignore")
import pm4py
path, form, picture, told = sys.argv[1:]
log = getattr(pm4py, f"read_ocel2_{form}")(path)
deals = pm4py.filter_ocel_object_types(log, ["deal"])
graph = pm4py.discover_ocdfg(deals)
pm4py.save_vis_ocdfg(graph, picture)
with open(told, "w") as file:
    json.dump({
        "events": len(log.events),
        "objects": len(log.objects),
        "types": sorted(pm4py.ocel_get_object_types(log)),
        "activities": sorted(graph["activities"]),
        "closed": str(log.events[log.events["ocel:activity"] == "crm opportunity closed"]
                      ["ocel:timestamp"].min()),
    }, file)
"""


def test_pm4py_loads_every_form_and_draws_the_process(tmp_path: Path) -> None:
    programs = install(LOCK)
    told: list[dict[str, Any]] = []
    with fresh_store(tmp_path) as database, watched(database, seed=3, deals=40) as watch:
        watch.look()
        watch.firm.plant(FaultKind.AMOUNT_DRIFT)
        watch.firm.advance(timedelta(minutes=1))
        watch.look()
        for form in LogFormat:
            log, picture, answer = (tmp_path / name for name in ("log", "drawn.png", "told.json"))
            export_log(watch.estate, database, form, log, watch.firm.clock())
            command = [programs / "python", "-c", READ_AND_DRAW, log, form.value, picture, answer]
            run([str(part) for part in command])
            assert picture.read_bytes().startswith(PNG)
            told.append(json.loads(answer.read_text()))
        rows = (seen.row for seen in watch.firm.world.tables[Opportunity.stream].ordered())
        closed = min(
            row.closed_at
            for row in rows
            if isinstance(row, Opportunity) and row.closed_at is not None
        )
    assert told[0] == told[1] == told[2]
    assert {"deal", "break", "crm.opportunities", "erp.invoices"} <= set(told[0]["types"])
    assert {"crm opportunity closed", "break opened"} <= set(told[0]["activities"])
    assert told[0]["closed"] == f"{closed}"
