"""The daemon killed at any moment and started again: nothing lost, nothing repeated.

Told at least once is the promise, so a notice may arrive twice, but under the same identifier.
"""

import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic import SecretStr

from alerts.webhook import sign
from monitor.store.audit import verify_audit
from monitor.store.database import open_database
from tests.alerts.receiver import Reply, Request
from tests.daemon.firms import Scene, scene
from tests.daemon.process import count, daemon, wait_until
from tests.firm.watching import everything_known

RECORDS = "SELECT count(*) FROM record"
TOUCHES = "SELECT count(*) FROM touch"
OPEN = "SELECT count(*) FROM \"break\" WHERE state = 'open'"
PENDING = "SELECT count(*) FROM outbox WHERE state = 'pending'"
UNSENT = "SELECT count(*) FROM outbox WHERE state <> 'sent'"
LOOKED = "SELECT count(*) FROM stream_state WHERE NOT full_requested AND last_success_at"

Known = dict[str, list[tuple[object, ...]]]


@dataclass
class Undisturbed:
    """A firm, and what a daemon that nobody kills knows of it."""

    scene: Scene
    known: Known


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Undisturbed]:
    with scene(tmp_path_factory.mktemp("crash")) as opened:
        yield Undisturbed(opened, _settled(opened, "calm.db"))


@pytest.fixture
def watched(undisturbed: Undisturbed) -> Iterator[Scene]:
    """The firm with a receiver that has heard nothing yet."""
    receiver = undisturbed.scene.receiver
    receiver.requests.clear()
    receiver.usual = lambda _: Reply()
    yield undisturbed.scene
    receiver.usual = lambda _: Reply()


def _settled(opened: Scene, store: str) -> Known:
    """Run until everything planted is found and told; what the store then says."""
    path = opened.folder / store
    planted = len(opened.planted())
    streams = opened.landscape.read_text("utf-8").count("entity: ")
    with daemon(opened.landscape, opened.environment(store), store) as process:
        process.address()
        started = time.time_ns() // 1000
        wait_until(lambda: count(path, f"{LOOKED} >= {started}") == streams)
        wait_until(lambda: count(path, OPEN) >= planted and not count(path, TOUCHES))
        wait_until(lambda: not count(path, UNSENT))
        assert process.end() == 0, process.errors()
    database = open_database(f"sqlite:///{path}")
    try:
        with database.read() as connection:
            assert verify_audit(connection) is None
        assert database.problems() == []
        return everything_known(database)
    finally:
        database.close()


def _assert_nothing_lost_or_repeated(undisturbed: Undisturbed, store: str) -> None:
    assert _settled(undisturbed.scene, store) == undisturbed.known
    path = undisturbed.scene.folder / store
    database = open_database(f"sqlite:///{path}")
    try:
        with database.read() as connection:
            opened = connection.exec_driver_sql(
                "SELECT fingerprint FROM break_transition WHERE kind IN ('opened', 'reopened')"
            ).scalars()
            assert Counter(opened) == Counter(dict.fromkeys(_fingerprints(undisturbed.known), 1))
            recorded = set(connection.exec_driver_sql("SELECT notice_id FROM outbox").scalars())
    finally:
        database.close()
    told = _told(undisturbed.scene)
    assert told.keys() == recorded
    assert Counter(told.values()) == Counter(
        {fingerprint[:10]: 1 for fingerprint in _fingerprints(undisturbed.known)}
    )


def _fingerprints(known: Known) -> list[str]:
    return [str(row[0]) for row in known["breaks"]]


def _told(opened: Scene) -> dict[str, str]:
    """What the receiver heard: break by notice. Every word of it is signed."""
    told: dict[str, str] = {}
    secret = SecretStr(opened.firm.webhook_secret)
    for request in opened.receiver.requests:
        headers = request.headers
        signature = sign(secret, headers["tieout-timestamp"], request.body)
        assert headers["tieout-signature"] == signature
        document = json.loads(request.body)
        assert document["id"] == headers["tieout-notice"]
        assert document["kind"] == "opened"
        assert told.setdefault(document["id"], document["break_id"]) == document["break_id"]
    return told


def _killed_when(opened: Scene, store: str, moment: Callable[[Path], bool]) -> None:
    path = opened.folder / store
    with daemon(opened.landscape, opened.environment(store), store) as process:
        wait_until(lambda: moment(path) or process.popen.poll() is not None)
        process.kill()


@pytest.mark.parametrize("stored", [1, 60, 200])
def test_killed_while_pages_are_stored(
    undisturbed: Undisturbed, watched: Scene, stored: int
) -> None:
    store = f"pages-{stored}.db"
    _killed_when(watched, store, lambda path: count(path, RECORDS) >= stored)
    assert count(watched.folder / store, RECORDS) >= stored
    _assert_nothing_lost_or_repeated(undisturbed, store)


def test_killed_while_touched_records_wait_to_be_looked_at(
    undisturbed: Undisturbed, watched: Scene
) -> None:
    store = "touched.db"
    path = watched.folder / store
    _killed_when(
        watched, store, lambda path: count(path, TOUCHES) > 0 and count(path, RECORDS) > 100
    )
    assert count(path, TOUCHES) > 0
    _assert_nothing_lost_or_repeated(undisturbed, store)


def test_killed_between_an_opened_break_and_its_notice(
    undisturbed: Undisturbed, watched: Scene
) -> None:
    store = "unsent.db"
    path = watched.folder / store
    _killed_when(watched, store, lambda path: count(path, PENDING) > 0)
    assert count(path, UNSENT) > 0
    _assert_nothing_lost_or_repeated(undisturbed, store)


def test_killed_while_a_notice_is_being_sent(undisturbed: Undisturbed, watched: Scene) -> None:
    arrived, answered = threading.Event(), threading.Event()

    def hold(_: Request) -> Reply:
        arrived.set()
        answered.wait(10)
        return Reply()

    watched.receiver.usual = hold
    store = "sending.db"
    _killed_when(watched, store, lambda _: arrived.is_set())
    first = watched.receiver.requests[0].headers["tieout-notice"]
    watched.receiver.usual = lambda _: Reply()
    answered.set()
    _assert_nothing_lost_or_repeated(undisturbed, store)
    heard = [request.headers["tieout-notice"] for request in watched.receiver.requests]
    assert heard.count(first) == 2


@pytest.mark.parametrize("seed", [1, 2])
def test_killed_again_and_again_at_any_moment(
    undisturbed: Undisturbed, watched: Scene, seed: int
) -> None:
    chance, store = random.Random(seed), f"chance-{seed}.db"
    for _ in range(3):
        with daemon(watched.landscape, watched.environment(store), store) as process:
            process.address()
            time.sleep(chance.uniform(0, 1.2))
            process.kill()
    _assert_nothing_lost_or_repeated(undisturbed, store)
