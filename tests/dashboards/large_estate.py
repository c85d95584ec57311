"""An estate of 50 systems and 500 rules, as a landscape over files."""

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

FLOWS, SYSTEMS, HAND_OFFS, RULES = 5, 10, 9, 91
"""Flows, and of each flow its systems, hand-offs and other rules."""

REGIONS = 5


def landscape() -> dict[str, Any]:
    """The landscape, to be written as JSON, which is YAML; its files are in the folder DATA."""
    names = [f"system{number:02}" for number in range(FLOWS * SYSTEMS)]
    flows = {
        f"flow{number}": _flow(names[number * SYSTEMS : (number + 1) * SYSTEMS])
        for number in range(FLOWS)
    }
    return {
        "version": 1,
        "firm": {"name": "Large"},
        "owners": {"operations": {}},
        "systems": {name: _system(name) for name in names},
        "flows": flows,
        "watches": {"drift": {"check": "schema_drift"}, "odd-days": {"check": "volume"}},
        "channels": {
            name: {"channel": "webhook", "url": "http://127.0.0.1:9/", "secret": "${env:SECRET}"}
            for name in ("sales", "finance", "integration")
        },
    }


def rows(system: str, stream: str, at: datetime) -> list[dict[str, str]]:
    """A deal for each region; of every third system the amounts are wrong."""
    wrong = stream == "project" and int(system[-2:]) % 3 == 1
    return [
        {"id": f"{region}", "amount": "2.00" if wrong else "1.00", "currency": "EUR",
         "status": "won", "at": at.isoformat(), "region": f"region{region}"}
        for region in range(REGIONS)
    ]  # fmt: skip


def write_estate(folder: Path, at: datetime, **parts: Mapping[str, Any]) -> Path:
    """The landscape in a file, with parts beside those that it has, and what its systems hold.

    Args:
        folder: for all of them.
        at: when every deal was closed.
        parts: of the landscape.
    """
    described = landscape() | parts
    for system, of_system in described["systems"].items():
        for stream in of_system["streams"]:
            lines = "".join(f"{json.dumps(row)}\n" for row in rows(system, stream, at))
            (folder / f"{system}-{stream}.jsonl").write_text(lines)
    file = folder / "landscape.yaml"
    file.write_text(json.dumps(described))
    return file


def variables(folder: Path) -> dict[str, str]:
    """What the landscape refers to."""
    return {"DATA": str(folder), "SECRET": "of sixteen letters"}


def _system(name: str) -> dict[str, Any]:
    return {
        "probe": "files",
        "owner": "operations",
        "as_of": "now",
        "settle": "0s",
        "streams": {
            "deal": {**_stream(name, "deal", "opportunity"), "defines": {f"{name}-deal": "id"}},
            "project": {**_stream(name, "project", "project"), "refers": _deals_of(name)},
        },
    }


def _deals_of(name: str) -> dict[str, str]:
    first = int(name[-2:]) // SYSTEMS * SYSTEMS
    return {f"system{first:02}-deal": "id"}


def _stream(system: str, stream: str, entity: str) -> dict[str, Any]:
    shown = {"created_at": "at", "closed_at": "at", "region": "region", "amount": "amount",
             "currency": "currency", "status": "status"}  # fmt: skip
    return {
        "entity": entity,
        "path": f"${{env:DATA}}/{system}-{stream}.jsonl",
        "id": "id",
        "map": shown,
        "deletes": {"kind": "sweep"},
        "every": "15s",
    }


def _flow(systems: list[str]) -> dict[str, Any]:
    root = f"{systems[0]}.deal"
    rules = [_rule(each, name, root) for each in range(9) for name in systems]
    twice = {"check": "duplicate", "stream": root, "by": ["region"]}
    named = {f"rule{number:02}": rule for number, rule in enumerate([*rules, twice])}
    return {
        "root": root,
        "key": f"{systems[0]}-deal",
        "hand_offs": {
            f"to-{name}": {"from": root, "to": f"{name}.project", "start": "closed_at",
                           "within": "1d"}
            for name in systems[1:]
        },
        "rules": named,
        "indicators": {"slices": {"region": {"stream": root}}, "most": REGIONS},
    }  # fmt: skip


def _rule(number: int, name: str, root: str) -> dict[str, Any]:
    stream = f"{name}.project"
    severity = ("info", "warning", "critical")[number % 3]
    rule: dict[str, Any]
    match number:
        case 0 | 1 | 2:
            field = ("amount", "status", "region")[number]
            rule = {"check": "mismatch", "left": root, "right": stream, "fields": {field: {}}}
        case 3:
            rule = {"check": "duplicate", "stream": stream, "by": ["amount", "region"]}
        case 4:
            rule = {"check": "orphan", "stream": stream}
        case 5 | 6:
            stages = [{"fields": [("region", "status")[number - 5]]}]
            rule = {"check": "mandatory", "stream": stream, "stages": stages}
        case 7:
            won, closed = {"status": "lost"}, {"status": "won"}
            rule = {"check": "contradiction", "left": {"stream": root, "when": won},
                    "right": {"stream": stream, "when": closed}}  # fmt: skip
        case _:
            rule = {"check": "requires", "stream": stream, "needs": root}
    return {**rule, "severity": severity}
