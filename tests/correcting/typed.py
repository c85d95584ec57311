"""A landscape in a file over a target that takes writes, for commands as people type them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.writing.fake_target import READER, WRITER, FakeTarget

CORRECTIONS: Mapping[str, Any] = {
    "approvers": {"ann": {"roles": ["finance"]}, "bob": {}},
    "limits": {"share": 0.5},
}
POLICIES: Mapping[str, Any] = {
    "agrees": {"mode": "propose"},
    "won-to-invoice": {
        "mode": "propose",
        "fix": "create",
        "fields": {"amount": "amount", "currency": "currency"},
        "set": {"status": "draft"},
    },
}


@dataclass
class Typed:
    """One target that is both the CRM and the billing system."""

    target: FakeTarget
    folder: Path

    @property
    def path(self) -> Path:
        """The landscape."""
        return self.folder / "landscape.yaml"

    @property
    def variables(self) -> dict[str, str]:
        """The environment behind its references."""
        return {"READ_TOKEN": READER, "WRITE_TOKEN": WRITER, "TARGET_URL": self.target.url}

    def win(self, deal: str, amount: str, billed: str | None) -> None:
        """A deal that was won a while ago, and its invoice, if it has one."""
        won = (datetime.now(UTC) - timedelta(days=1)).isoformat()
        row = {"id": f"o-{deal}", "deal": deal, "state": "won", "total": amount, "currency": "EUR"}
        self.target.put("deals", {**row, "closed": won})
        if billed is not None:
            row = {"id": f"i-{deal}", "deal": deal, "state": "sent", "total": billed}
            self.target.put("invoices", {**row, "currency": "EUR"})

    def describe(
        self,
        policies: Mapping[str, Any] = POLICIES,
        corrections: Mapping[str, Any] = CORRECTIONS,
        **changed: Any,
    ) -> None:
        """Write the landscape; YAML reads JSON. `changed` are settings of both systems."""
        billing = self.target.system(
            base_url="${env:TARGET_URL}",
            auth={"kind": "bearer", "token": "${env:READ_TOKEN}"},
            write={"auth": {"kind": "bearer", "token": "${env:WRITE_TOKEN}"}},
            **changed,
        )
        listed = {"path": "/deals", "select": "items"}
        crm = {name: billing[name] for name in ("probe", "base_url", "auth", *changed)}
        crm["streams"] = {
            "opportunity": {
                "entity": "opportunity",
                "id": "id",
                "map": {
                    "status": "state",
                    "amount": "total",
                    "currency": "currency",
                    "closed_at": "closed",
                },
                "defines": {"deal": "deal"},
                "cursor": {"field": "modified"},
                "read": {**listed, "since_param": "since"},
                "fetch": {"path": "/deals/{id}"},
                "lookup": {"deal": {**listed, "param": "deal"}},
            }
        }
        invoice = billing["streams"]["invoice"]
        invoice["map"] = {**invoice["map"], "created_at": "modified"}
        flow = {
            "root": "crm.opportunity",
            "key": "deal",
            "of_record": {"amount": "crm.opportunity"},
            "hand_offs": {
                "won-to-invoice": {
                    "from": "crm.opportunity",
                    "to": "billing.invoice",
                    "when": {"status": "won"},
                    "start": "closed_at",
                    "within": "1h",
                }
            },
            "rules": {
                "agrees": {
                    "check": "mismatch",
                    "left": "crm.opportunity",
                    "right": "billing.invoice",
                    "fields": {"amount": {}},
                }
            },
            "corrections": policies,
        }
        landscape = {
            "version": 1,
            "firm": {"name": "Typed"},
            "store": {"url": f"sqlite:///{self.folder / 'tieout.db'}"},
            "systems": {"crm": crm, "billing": billing},
            "flows": {"sales": flow},
            "corrections": corrections,
        }
        self.path.write_text(json.dumps(landscape, indent=2), encoding="utf-8")
