"""How a daemon starts and ends, and what it does not wait for meanwhile."""

import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from monitor.cli.exits import Exit
from tests.alerts.receiver import Reply, Request
from tests.daemon.firms import Scene, scene
from tests.daemon.metrics import values_of
from tests.daemon.process import count, daemon, wait_until

OPEN = "SELECT count(*) FROM \"break\" WHERE state = 'open'"
SENT = "SELECT count(*) FROM outbox WHERE state = 'sent'"
SEEN = "SELECT count(*) FROM stream_state WHERE last_success_at IS NOT NULL AND stream LIKE '{}.%'"
LATEST = "SELECT min(last_success_at) FROM stream_state WHERE stream LIKE 'crm.%'"


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with scene(tmp_path_factory.mktemp("end")) as firm:
        yield firm


@pytest.fixture
def held(opened: Scene) -> Iterator[threading.Event]:
    """The receiver answers nothing before this is set."""
    answered = threading.Event()

    def hold(_: Request) -> Reply:
        answered.wait(20)
        return Reply()

    opened.receiver.requests.clear()
    opened.receiver.usual = hold
    yield answered
    answered.set()
    opened.receiver.usual = lambda _: Reply()


@contextmanager
def silent_server() -> Iterator[str]:
    """Takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_order(opened: Scene, how: signal.Signals) -> None:
    name = f"{how.name}.db"
    with daemon(opened.landscape, opened.environment(name), name) as process:
        process.address()
        wait_until(lambda: count(opened.folder / name, "SELECT count(*) FROM record") > 0)
        assert process.end(how) == Exit.IN_ORDER, process.errors()
        assert process.stdout.read_bytes() == b""
        assert "Traceback" not in process.errors()


def test_a_notice_on_its_way_at_the_end_is_noted_as_sent(
    opened: Scene, held: threading.Event
) -> None:
    store = opened.folder / "way.db"
    with daemon(opened.landscape, opened.environment("way.db"), "way") as process:
        wait_until(lambda: bool(opened.receiver.requests))
        first = opened.receiver.requests[0].headers["tieout-notice"]
        process.popen.send_signal(signal.SIGTERM)
        held.set()
        assert process.popen.wait(15) == Exit.IN_ORDER
    assert count(store, f"{SENT} AND notice_id = '{first}'") == 1


def test_a_slow_webhook_delays_no_sampling(opened: Scene, held: threading.Event) -> None:
    store = opened.folder / "slow.db"
    with daemon(opened.landscape, opened.environment("slow.db"), "slow") as process:
        wait_until(lambda: bool(opened.receiver.requests))
        before = count(store, LATEST)
        wait_until(lambda: count(store, LATEST) > before)
        assert count(store, SENT) == 0
        held.set()
        wait_until(lambda: count(store, SENT) > 0)
        assert process.end() == Exit.IN_ORDER


def test_a_silent_source_delays_neither_the_others_nor_the_end(opened: Scene) -> None:
    store = opened.folder / "silent.db"
    with silent_server() as nobody:
        variables = {**opened.environment("silent.db"), "SIM_PSA_URL": nobody}
        with daemon(opened.landscape, variables, "silent") as process:
            address = process.address()
            for system in ("crm", "cpq", "contracts", "erp", "middleware"):
                wait_until(lambda system=system: count(store, SEEN.format(system)) > 0)  # type: ignore[misc]  # bound now
            before = count(store, LATEST)
            wait_until(lambda: count(store, LATEST) > before)
            wait_until(lambda: count(store, OPEN) > 0)
            assert count(store, SEEN.format("psa")) == 0
            blind = values_of(address, "tieout_source_blind")
            assert blind[("psa", "projects")] == 1.0
            assert process.end() == Exit.IN_ORDER
            assert "abandoned" in process.errors()
    assert count(store, "SELECT count(*) FROM \"break\" WHERE system = 'psa'") == 0


def test_a_source_that_goes_down_is_told_from_one_that_is_well(opened: Scene) -> None:
    store = opened.folder / "down.db"
    with daemon(opened.landscape, opened.environment("down.db"), "down") as process:
        address = process.address()
        wait_until(lambda: count(store, SEEN.format("erp")) > 0)
        opened.firm.take_down("erp")
        wait_until(lambda: values_of(address, "tieout_source_up").get(("erp",)) == 0)
        wait_until(lambda: values_of(address, "tieout_source_blind").get(("erp", "projects")) == 1)
        assert values_of(address, "tieout_source_up")[("crm",)] == 1
        opened.firm.bring_up("erp")
        wait_until(lambda: values_of(address, "tieout_source_up").get(("erp",)) == 1)
        assert process.end() == Exit.IN_ORDER


def test_a_port_that_is_taken_is_said_before_anything_runs(opened: Scene) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        variables = {**opened.environment("port.db"), "TIEOUT_DEMO_PORT": str(port)}
        with daemon(opened.landscape, variables, "port") as process:
            assert process.popen.wait(15) == Exit.FAILED
            assert f"cannot listen on 127.0.0.1:{port}" in process.errors()
            assert "Traceback" not in process.errors()


def test_a_store_that_is_no_store_is_said_at_once(opened: Scene, tmp_path: Path) -> None:
    (tmp_path / "tieout.db").write_bytes(b"not a database, but long enough to look like one" * 40)
    variables = {
        **opened.environment(),
        "TIEOUT_DEMO_STORE": f"sqlite:///{tmp_path / 'tieout.db'}",
    }
    with daemon(opened.landscape, variables, "damaged") as process:
        assert process.popen.wait(15) == Exit.FAILED
        assert process.errors().startswith("tieout: the store refused a statement")
        assert "Traceback" not in process.errors()
