"""The examples that Prometheus, Alertmanager and Grafana are started with fit what is written."""

from pathlib import Path, PurePosixPath
from typing import Any

from ruamel.yaml import YAML

from dashboards.addresses import Addresses
from dashboards.files import render_kit

EXAMPLES = Path(__file__).parents[2] / "examples" / "monitoring"
PROVISIONING = EXAMPLES / "grafana" / "provisioning"


def read(file: Path) -> Any:
    return YAML(typ="safe").load(file)


def test_grafana_gets_a_prometheus_that_panels_choose_by_default() -> None:
    (source,) = read(PROVISIONING / "datasources" / "prometheus.yml")["datasources"]
    assert source["type"] == "prometheus"
    assert source["isDefault"]
    # `$__rate_interval` follows from it: four scrapes at least.
    scrapes = read(EXAMPLES / "prometheus.yml")["global"]["scrape_interval"]
    assert source["jsonData"]["timeInterval"] == scrapes


def test_grafana_reads_the_dashboards_from_files_and_lets_nobody_change_them() -> None:
    (provider,) = read(PROVISIONING / "dashboards" / "tieout.yml")["providers"]
    assert provider["type"] == "file"
    assert provider["allowUiUpdates"] is False
    assert PurePosixPath(provider["options"]["path"]).is_absolute()


def test_prometheus_loads_the_rules_where_they_are_written() -> None:
    loaded = read(EXAMPLES / "prometheus.yml")["rule_files"]
    assert set(map(PurePosixPath, loaded)) <= render_kit(Addresses()).keys()
