"""Packs of a small firm: the same history, in whichever store."""

import io
import shutil
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from monitor.cycle import run_cycle
from monitor.evidence_pack.heads import sign_head
from monitor.evidence_pack.keys import Signer, make_key, open_signer
from monitor.evidence_pack.making import Made, end_of_audit, make_pack
from monitor.evidence_pack.request import Request, Subject
from monitor.evidence_pack.verify import canonical, verify_pack
from monitor.sampling import sample, sweep
from monitor.store.attestations import add_key, load_keys
from monitor.store.audit import append_audit
from monitor.store.database import Database
from tests.cycle.small_firm import START, SmallFirm
from tests.evidence_pack.logs import HOSTILE

CONFIGURATION = {"firm": {"name": "Small & Sons"}, "systems": {}, "calendars": {}, "rates": {}}

HOUR = timedelta(hours=1)
MATCHED, MISSING, WRONG, GONE, AWAITED = "D1", "D2", f"D3 {HOSTILE}".replace("\0", ""), "D4", "D5"


@dataclass(frozen=True)
class Scene:
    """A firm with a history, and a folder for packs and keys."""

    firm: SmallFirm
    folder: Path

    @property
    def database(self) -> Database:
        return self.firm.database

    def signer(self) -> Signer:
        return open_signer(self.folder / "keys", self.database)

    def request(self) -> Request:
        now = self.firm.clock()
        asked = Request(Subject.FLOW, "sales", "sales", (), START, now - HOUR / 2, now)
        return end_of_audit(asked, self.database)

    def make(self, name: str, request: Request | None = None) -> Made:
        asked = request or self.request()
        return make_pack(
            asked, self.firm.estate, CONFIGURATION, self.database, self.signer(), self.folder / name
        )

    def verify(self, name: str) -> list[str]:
        return verify_pack(io.BytesIO((self.folder / name).read_bytes()))


def hand_over_key(giver: Scene, taker: Scene) -> None:
    """What `make_key` left behind, in another store: the pack has it, and so must a replay."""
    shutil.copytree(giver.folder / "keys", taker.folder / "keys")
    with giver.database.read() as source:
        statements = load_keys(source)
    with taker.database.write() as connection:
        for each in statements:
            add_key(connection, each, canonical(each))
            append_audit(
                connection,
                at=START,
                who="ann",
                action="introduce signing key",
                subject=each["key"],
                detail={"previous": each["previous"]},
            )


def look(firm: SmallFirm) -> None:
    for source in firm.estate.sources.values():
        sample(source, firm.database, firm.clock)
        sweep(source, firm.database, firm.clock)
    run_cycle(firm.estate, firm.database, firm.clock)


def play(database: Database, folder: Path, like: Scene | None = None) -> Scene:
    """One deal of each kind: in order, missing, wrong (with a hostile name), gone, awaited."""
    firm = SmallFirm(database)
    scene = Scene(firm, folder)
    if like is None:
        make_key(folder / "keys", database, firm.clock(), "ann")
    else:
        hand_over_key(like, scene)
    for deal in (MATCHED, MISSING, WRONG, GONE):
        firm.win(deal)
    firm.staff(MATCHED)
    firm.staff(WRONG, "999.99", native_id="=p-wrong")
    firm.crm.put("o-dollar", MATCHED + "USD", status="won", amount=Decimal("0.10"),
                 currency="USD", closed_at=firm.clock())  # fmt: skip
    firm.staff(MATCHED + "USD", "0.10")
    for step in range(24):
        if step == 12:
            firm.crm.rows.pop(f"o-{GONE}")
        if step == 21:
            firm.win(AWAITED)
        look(firm)
        with database.write() as connection:
            append_audit(
                connection, at=firm.clock(), who="ann", action="look", subject=f"{step}", detail={}
            )
        firm.later(minutes=15)
    look(firm)
    sign_head(database, scene.signer(), firm.clock())
    return scene
