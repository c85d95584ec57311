"""Recording and alerting rules: what they name exists, and what they promise is in them."""

import math
import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from dashboards.addresses import Addresses
from dashboards.files import render_kit
from dashboards.rules.objectives import ALLOWED, CONFIDENCE, WINDOWS, Window
from dashboards.rules.rule import Alert, Level, to_prometheus
from dashboards.rules.table import ALERTS, GROUPS, RECORDINGS
from monitor.core.catalogue import CATALOGUE
from monitor.core.metric_types import MetricType, series_names

FOLDER = Path(__file__).parents[2] / "dashboards"
METRICS = {name: metric for metric in CATALOGUE for name in series_names(metric)}
RECORDED = {rule.name for rule in RECORDINGS}
RULES = [rule for group in GROUPS for rule in group.rules]


def test_the_committed_files_are_what_the_code_says() -> None:
    for name, content in render_kit(Addresses()).items():
        assert (FOLDER / name).read_text("utf-8") == content, "run: python -m dashboards"


def test_links_lead_to_the_addresses_that_a_firm_gives() -> None:
    own = Addresses("https://graphs.firm.test", "https://wiki.firm.test/runbooks")
    document: dict[str, Any] = YAML(typ="safe").load(to_prometheus(GROUPS, own))
    alerts = [rule for group in document["groups"] for rule in group["rules"] if "alert" in rule]
    assert len(alerts) == len(ALERTS)
    for alert in alerts:
        notes = alert["annotations"]
        assert notes["runbook_url"] == f"https://wiki.firm.test/runbooks/{alert['alert']}.md"
        assert notes["dashboard_url"].startswith("https://graphs.firm.test/d/tieout-")


def test_no_name_is_given_twice() -> None:
    names = [rule.name for rule in RULES]
    assert len(set(names)) == len(names)
    assert len({group.name for group in GROUPS}) == len(GROUPS)


def test_recorded_series_are_named_by_level_metric_and_operations() -> None:
    for rule in RECORDINGS:
        assert re.fullmatch(r"[a-z]+(_[a-z]+)*:tieout_[a-z_]+:[a-z0-9_]+", rule.name)
        labels = rule.name.split(":")[0].replace("source_stream", "source stream")
        kept = {each.strip() for group in re.findall(r"by \(([^)]*)\)", rule.expression)
                for each in group.split(",")}  # fmt: skip
        if kept:
            assert "job" in kept
            assert set(re.split(r"[_ ]", labels)) <= kept | {"job"}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_expressions_use_only_series_and_labels_that_exist(rule: Any) -> None:
    text = rule.expression
    recorded = set(re.findall(r"\b[a-z_]+:tieout_\w+:\w+", text))
    assert recorded <= RECORDED
    plain = set(re.findall(r"(?<![:\w])tieout_\w+", text))
    assert plain <= set(METRICS)
    if not recorded and plain:
        allowed = {label for name in plain for label in METRICS[name].label_names}
        named = {label.strip() for group in re.findall(r"by \(([^)]*)\)", text)
                 for label in group.split(",")}  # fmt: skip
        matched = set(re.findall(r'(\w+)=~?"', text))
        assert named | matched <= allowed | {"job", "instance", "le"}
    for name in plain:
        if METRICS[name].type in {MetricType.COUNTER, MetricType.HISTOGRAM}:
            assert re.search(rf"(rate|increase)\({name}({{[^}}]*}})?\[", text)


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert.name)
def test_every_alert_says_what_it_means_and_who_is_asked(alert: Alert) -> None:
    assert re.fullmatch(r"Tieout([A-Z][a-z]+)+", alert.name)
    assert alert.description.endswith(".")
    assert not alert.summary.endswith(".")
    kept = {label.strip() for group in re.findall(r"by \(([^)]*)\)", alert.expression)
            for label in group.split(",")}  # fmt: skip
    if "hand_offs_missed" in alert.expression:
        kept |= {"flow"}
    if "tieout_hand_offs_overdue:sum" in alert.expression:
        kept |= {"flow", "hop"}
    assert set(re.findall(r"\$labels\.(\w+)", alert.summary + alert.description)) <= kept


def test_no_alert_pages_for_a_key_or_a_name_of_a_deal() -> None:
    assert not [alert for alert in ALERTS if "transaction=" in alert.expression]


def test_there_is_an_alert_for_the_watcher_itself() -> None:
    levels = {alert.name: alert.level for alert in ALERTS}
    assert levels["TieoutWatchdog"] is Level.NONE
    assert levels["TieoutAbsent"] is Level.CRITICAL


def lower_bound(bad: int, of: int) -> float:
    """Wilson's, as the recorded rule reckons it."""
    p, z = bad / of, CONFIDENCE
    half = z * math.sqrt(p * (1 - p) / of + z**2 / (4 * of**2))
    return (p + z**2 / (2 * of) - half) / (1 + z**2 / of)


def misfires(window: Window, of: int, rate: float) -> float:
    """How likely a window is to look bad, exactly, where each hand-off is bad with this rate."""
    return sum(
        math.comb(of, bad) * rate**bad * (1 - rate) ** (of - bad)
        for bad in range(window.fewest, of + 1)
        if lower_bound(bad, of) > window.burn * ALLOWED
    )


FORTY_A_DAY = {"1h": 2, "6h": 10, "3d": 120}
"""Hand-offs in each window."""


@pytest.mark.parametrize("window", WINDOWS, ids=lambda window: window.long)
def test_a_firm_that_keeps_its_objective_at_forty_deals_a_day_is_left_alone(
    window: Window,
) -> None:
    """Plain burn rates look bad after one late hand-off: in every tenth six hours."""
    of = FORTY_A_DAY[window.long]
    plain = 1 - (1 - ALLOWED) ** of
    assert misfires(window, of, ALLOWED) < 0.01
    assert misfires(window, of, ALLOWED) < plain / 10


@pytest.mark.parametrize("of", range(1, 400, 7))
def test_however_many_hand_offs_there_are_a_window_misfires_in_one_of_fifty_at_most(
    of: int,
) -> None:
    assert all(misfires(window, of, ALLOWED) < 0.02 for window in WINDOWS)


def test_a_firm_half_of_whose_hand_offs_are_late_is_called_within_the_day() -> None:
    assert misfires(WINDOWS[1], 10, 0.5) > 0.9
    assert misfires(WINDOWS[2], 120, 0.05) > 0.5
