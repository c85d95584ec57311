"""A Prometheus and an Alertmanager of our own, on loopback, for as long as a block lasts."""

import contextlib
import json
import shutil
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests.e2e.processes import Command, find_program, free_port, serve

EXAMPLES = Path(__file__).parents[2] / "examples" / "monitoring"
RULES = Path(__file__).parents[2] / "dashboards" / "rules" / "tieout.rules.yml"
START_SECONDS = 20


def ask(address: str, **parameters: str) -> Any:
    """What an address answers, as JSON; None where it does not answer yet."""
    query = f"?{urllib.parse.urlencode(parameters)}" if parameters else ""
    try:
        with urllib.request.urlopen(address + query, timeout=5) as answer:  # noqa: S310 - loopback
            return json.load(answer)
    except urllib.error.HTTPError as error:
        return json.load(error)
    except (urllib.error.URLError, ConnectionError):
        return None


def answers(address: str) -> bool:
    """Whether an address answers well."""
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:  # noqa: S310 - loopback
            return bool(answer.status == 200)
    except (urllib.error.URLError, ConnectionError):
        return False


@dataclass(frozen=True, slots=True)
class Monitoring:
    """Addresses of the two."""

    prometheus: str
    alertmanager: str

    def query(self, expression: str) -> list[Any]:
        """The series of an expression now.

        Raises:
            AssertionError: Prometheus refused it.
        """
        told = ask(f"{self.prometheus}/api/v1/query", query=expression)
        assert told["status"] == "success", (expression, told)
        found: list[Any] = told["data"]["result"]
        return found

    def query_range(self, expression: str, until: int, seconds: int, step: int = 1) -> list[Any]:
        """The series of an expression over so many seconds before an instant.

        Raises:
            AssertionError: Prometheus refused it.
        """
        told = ask(
            f"{self.prometheus}/api/v1/query_range",
            query=expression,
            start=f"{until - seconds}",
            end=f"{until}",
            step=f"{step}",
        )
        assert told["status"] == "success", (expression, told)
        found: list[Any] = told["data"]["result"]
        return found

    def alerts(self) -> set[tuple[str, str]]:
        """Name and source of what Alertmanager holds as firing."""
        told: Sequence[Any] = ask(f"{self.alertmanager}/api/v2/alerts", active="true") or []
        return {(each["labels"]["alertname"], each["labels"].get("source", "")) for each in told}


@contextlib.contextmanager
def run_monitoring(folder: Path, target: str) -> Iterator[Monitoring]:
    """The example configurations, with our ports, quicker by far, over one daemon."""
    web, alerts, gossip = free_port(), free_port(), free_port()
    yaml = YAML(typ="safe")
    settings = yaml.load(EXAMPLES / "prometheus.yml")
    settings["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    settings["scrape_configs"][0]["static_configs"][0]["targets"] = [target]
    settings["alerting"]["alertmanagers"][0]["static_configs"][0]["targets"] = [
        f"127.0.0.1:{alerts}"
    ]
    (folder / "rules").mkdir()
    rules = yaml.load(RULES)
    for group in rules["groups"]:
        group.pop("interval", None)
        for rule in group["rules"]:
            rule.pop("for", None)
    (folder / settings["rule_files"][0]).write_text(json.dumps(rules))
    (folder / "prometheus.yml").write_text(json.dumps(settings))
    shutil.copy(EXAMPLES / "alertmanager.yml", folder)
    prometheus: Command = [
        find_program("prometheus"),
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'prometheus'}",
        f"--web.listen-address=127.0.0.1:{web}",
        "--enable-feature=exemplar-storage",
        "--rules.alert.resend-delay=1s",
        "--log.level=warn",
    ]
    alertmanager: Command = [
        find_program("prometheus-alertmanager"),
        f"--config.file={folder / 'alertmanager.yml'}",
        f"--storage.path={folder / 'alertmanager'}",
        f"--web.listen-address=127.0.0.1:{alerts}",
        f"--cluster.listen-address=127.0.0.1:{gossip}",
        "--log.level=warn",
    ]
    of = Monitoring(f"http://127.0.0.1:{web}", f"http://127.0.0.1:{alerts}")
    with (
        serve("Alertmanager", alertmanager, folder / "alertmanager.log") as receiver,
        serve("Prometheus", prometheus, folder / "prometheus.log") as watcher,
    ):
        receiver.wait_until(lambda: answers(f"{of.alertmanager}/-/ready"), START_SECONDS)
        watcher.wait_until(lambda: answers(f"{of.prometheus}/-/ready"), START_SECONDS)
        yield of
