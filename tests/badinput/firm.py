"""A CRM in a file and a PSA of any kind beside it, watched as a landscape says."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from textwrap import dedent, indent

from monitor.store.database import Database
from tests.badinput.sources import VARIABLES, Source
from tests.landscapes.running import SmallEstate

LANDSCAPE = """\
version: 1
firm: {name: Small}
flows:
  sales:
    root: crm.opportunity
    key: deal
    rules:
      budget:
        check: mismatch
        left: crm.opportunity
        right: psa.project
        fields: {amount: {}}
systems:
  crm:
    probe: files
    as_of: now
    settle: 0s
    streams:
      opportunity:
        entity: opportunity
        path: "${env:DATA}/opportunities.jsonl"
        id: id
        map: {amount: amount}
        defines: {deal: id}
  psa:
"""

MAPPING = """\
        entity: project
        id: id
        map:
          amount: PREFIXbudget
          status: {from: PREFIXstatus, values: {ACTIVE: active}}
          start_on: PREFIXstarts
        refers: {deal: {from: PREFIXdeal, required: true}}
"""

DEALS = [{"id": f"D{number}", "amount": "10.00"} for number in range(1, 60)]


@contextmanager
def watched(
    source: Source, folder: Path, database: Database, **variables: str
) -> Iterator[SmallEstate]:
    """The firm with its deals written down, nothing looked at yet."""
    system = indent(dedent(source.system).strip(), "    ")
    landscape = f"{LANDSCAPE}{system}\n{MAPPING.replace('PREFIX', source.prefix)}"
    in_file = {"PSA_DATABASE": f"sqlite:///{folder / 'projects.sql'}"}
    firm = SmallEstate(folder, database, landscape, {**VARIABLES, **in_file, **variables})
    firm.write("opportunities", DEALS)
    try:
        yield firm
    finally:
        firm.close()
