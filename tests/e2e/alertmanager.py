"""An Alertmanager of our own, on loopback, which tells a receiver of ours what people hear."""

import contextlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.alerts.receiver import Receiver, Reply, running
from tests.e2e.processes import Command, find_program, free_port, serve
from tests.e2e.prometheus import answers, ask

START_SECONDS = 20


@dataclass(frozen=True, slots=True)
class Alertmanager:
    """Its address, and what it told people."""

    address: str
    people: Receiver

    def alerts(self, team: str) -> list[Mapping[str, Any]]:
        """The alerts of a team that fire."""
        found: list[Mapping[str, Any]] = ask(f"{self.address}/api/v2/alerts", active="true") or []
        return [each for each in found if each["labels"]["team"] == team]

    def heard(self, team: str) -> list[str]:
        """State of each alert that a team was told of, in order."""
        told = [json.loads(request.body) for request in list(self.people.requests)]
        alerts = (alert for each in told for alert in each["alerts"])
        return [alert["status"] for alert in alerts if alert["labels"]["team"] == team]


@contextlib.contextmanager
def run_alertmanager(folder: Path) -> Iterator[Alertmanager]:
    """One that waits for nothing before it tells, and does not tell the same twice in an hour."""
    web, gossip = free_port(), free_port()
    with running(Receiver(lambda _: Reply())) as people:
        settings = {
            "route": {
                "receiver": "people",
                "group_by": ["incident", "team"],
                "group_wait": "0s",
                "group_interval": "1s",
                "repeat_interval": "1h",
            },
            "receivers": [
                {"name": "people", "webhook_configs": [{"url": people.address, "max_alerts": 0}]}
            ],
        }
        (folder / "alertmanager.yml").write_text(json.dumps(settings))
        command: Command = [
            find_program("prometheus-alertmanager"),
            f"--config.file={folder / 'alertmanager.yml'}",
            f"--storage.path={folder / 'alertmanager'}",
            f"--web.listen-address=127.0.0.1:{web}",
            f"--cluster.listen-address=127.0.0.1:{gossip}",
            "--log.level=warn",
        ]
        address = f"http://127.0.0.1:{web}"
        with serve("Alertmanager", command, folder / "alertmanager.log") as server:
            server.wait_until(lambda: answers(f"{address}/-/ready"), START_SECONDS)
            yield Alertmanager(address, people)
