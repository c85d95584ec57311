"""A changed landscape, by signal and by call, under a daemon that runs."""

import re
import signal
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from monitor.simulation.ledger import FaultKind
from tests.daemon.firms import Scene, scene
from tests.daemon.metrics import values_of
from tests.daemon.process import Process, count, daemon, get, post, wait_until

OPEN = "SELECT count(*) FROM \"break\" WHERE state = 'open'"
OF_RULE = "SELECT count(*) FROM \"break\" WHERE state = 'open' AND rule = '{}'"


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with scene(tmp_path_factory.mktemp("reload")) as prepared:
        for system in ("cpq", "psa"):
            prepared.firm.plant(FaultKind.AMOUNT_DRIFT, system=system)
        prepared.firm.advance(timedelta(minutes=1))
        yield prepared


@pytest.fixture
def landscape(opened: Scene) -> Iterator[Path]:
    """The file, as it was before each test."""
    before = opened.landscape.read_text("utf-8")
    yield opened.landscape
    opened.landscape.write_text(before, "utf-8")


def without(landscape: str, *path: str) -> str:
    """The landscape without one key."""
    yaml = YAML()
    document = yaml.load(landscape)
    place = document
    for step in path[:-1]:
        place = place[step]
    del place[path[-1]]
    return dumped(document)


def dumped(document: object) -> str:
    from io import StringIO

    text = StringIO()
    YAML().dump(document, text)
    return text.getvalue()


def reloaded(process: Process, address: str, *, well: bool) -> None:
    """Wait until the metric says how the last try ended."""
    wanted = 1.0 if well else 0.0
    wait_until(lambda: values_of(address, "tieout_config_last_reload_successful") == {(): wanted})
    assert process.popen.poll() is None


def test_a_rule_that_is_added_finds_old_breaks_and_one_that_is_dropped_resolves_its_own(
    opened: Scene, landscape: Path
) -> None:
    store = opened.folder / "rules.db"
    whole = landscape.read_text("utf-8")
    landscape.write_text(without(whole, "flows", "sales-to-cash", "rules", "planned-amount"))
    with daemon(landscape, opened.environment("rules.db"), "rules") as process:
        address = process.address()
        wait_until(
            lambda: count(store, OPEN) > 0 and not count(store, "SELECT count(*) FROM touch")
        )
        assert count(store, OF_RULE.format("planned-amount")) == 0
        landscape.write_text(whole)
        assert post(address, "/-/reload").status_code == 200
        wait_until(lambda: count(store, OF_RULE.format("planned-amount")) > 0)
        assert count(store, OF_RULE.format("quoted-amount")) > 0
        landscape.write_text(without(whole, "flows", "sales-to-cash", "rules", "quoted-amount"))
        process.popen.send_signal(signal.SIGHUP)
        wait_until(lambda: count(store, OF_RULE.format("quoted-amount")) == 0)
        assert process.end() == 0, process.errors()


def test_the_series_of_a_removed_system_vanish(opened: Scene, landscape: Path) -> None:
    whole = landscape.read_text("utf-8")
    with daemon(landscape, opened.environment("systems.db"), "systems") as process:
        address = process.address()
        wait_until(
            lambda: (
                values_of(address, "tieout_source_up").get(("middleware",)) == 1.0
                and sum(values_of(address, "tieout_breaks_open").values()) > 0
            )
        )
        smaller = without(whole, "systems", "middleware")
        for rule in ("dead-letters", "stuck-messages"):
            smaller = without(smaller, "flows", "sales-to-cash", "rules", rule)
        landscape.write_text(smaller)
        assert post(address, "/-/reload").status_code == 200
        page = get(address, "/metrics").text
        assert "middleware" not in page
        assert ("crm",) in values_of(address, "tieout_source_up")
        wait_until(lambda: values_of(address, "tieout_source_up").get(("crm",)) == 1.0)
        assert "middleware" not in get(address, "/metrics").text
        landscape.write_text(whole)
        assert post(address, "/-/reload").status_code == 200
        wait_until(lambda: values_of(address, "tieout_source_up").get(("middleware",)) == 1.0)
        assert process.end() == 0, process.errors()


def test_a_bad_file_is_refused_while_the_old_one_runs_on(opened: Scene, landscape: Path) -> None:
    whole = landscape.read_text("utf-8")
    store = opened.folder / "bad.db"
    looks = "SELECT max(last_success_at) FROM stream_state WHERE stream = 'crm.accounts'"
    with daemon(landscape, opened.environment("bad.db"), "bad") as process:
        address = process.address()
        reloaded(process, address, well=True)
        landscape.write_text(whole.replace("root: crm.opportunities", "root: crm.opportunity"))
        answer = post(address, "/-/reload")
        assert answer.status_code == 400
        refused = answer.json()
        assert refused["error"] == "landscape refused"
        assert refused["reason"] == "configuration"
        line = whole[: whole.index("root: crm")].count("\n") + 1
        assert refused["issues"][0].startswith(f"{landscape}:{line}:")
        assert "did you mean" in refused["issues"][0]
        reloaded(process, address, well=False)
        before = count(store, looks)
        wait_until(lambda: count(store, looks) > before)
        landscape.write_text("systems: [")
        process.popen.send_signal(signal.SIGHUP)
        wait_until(lambda: process.errors().count("reload refused") == 2)
        landscape.unlink()
        assert post(address, "/-/reload").status_code == 400
        assert get(address, "/-/healthy").status_code == 200
        landscape.write_text(whole)
        process.popen.send_signal(signal.SIGHUP)
        reloaded(process, address, well=True)
        assert process.end() == 0, process.errors()


def test_many_signals_at_once_are_survived(opened: Scene, landscape: Path) -> None:
    with daemon(landscape, opened.environment("signals.db"), "signals") as process:
        address = process.address()
        for _ in range(20):
            process.popen.send_signal(signal.SIGHUP)
        assert post(address, "/-/reload").status_code == 200
        reloaded(process, address, well=True)
        assert process.end() == 0, process.errors()
        assert not re.search("Traceback|exception", process.errors())


def test_another_store_or_port_waits_for_the_next_start(opened: Scene, landscape: Path) -> None:
    whole = landscape.read_text("utf-8")
    with daemon(landscape, opened.environment("moved.db"), "moved") as process:
        address = process.address()
        landscape.write_text(whole.replace('"${env:TIEOUT_DEMO_PORT}"', "1"))
        assert post(address, "/-/reload").status_code == 200
        assert "take effect at the next start" in process.errors()
        assert get(address, "/-/ready").status_code == 200
        assert process.end() == 0, process.errors()
