from datetime import timedelta

from monitor.core.model import Window
from tests.probes.clocks import NOON
from tests.probes.rest.scene import CURSOR_PAGES, EVERYTHING, Probes, item, read, serve_pages
from tests.servers import Reply, ScriptedServer

ORDERED = {"cursor": {"field": "at", "ordered": True}, "read": CURSOR_PAGES}


def test_an_ordered_source_says_how_far_it_is(server: ScriptedServer, probes: Probes) -> None:
    server.scripts["/rows"] = serve_pages(4, 10)
    pages = list(probes.open(ORDERED).changes("project", EVERYTHING))
    assert [page.position for page in pages] == [
        NOON + timedelta(seconds=3),
        NOON + timedelta(seconds=7),
        NOON + timedelta(seconds=9),
    ]


def test_a_page_out_of_order_says_nothing(server: ScriptedServer, probes: Probes) -> None:
    server.scripts["/rows"] = Reply({"items": [item(2), item(1)], "next": None})
    (page,) = probes.open(ORDERED).changes("project", EVERYTHING)
    assert page.position is None


def test_a_source_without_order_says_nothing(server: ScriptedServer, probes: Probes) -> None:
    server.scripts["/rows"] = Reply({"items": [item(1), item(2)], "next": None})
    stream = {**ORDERED, "cursor": {"field": "at"}}
    (page,) = probes.open(stream).changes("project", EVERYTHING)
    assert page.position is None


def test_rows_beyond_the_window_are_kept(server: ScriptedServer, probes: Probes) -> None:
    server.scripts["/rows"] = Reply({"items": [item(number) for number in range(10)]})
    probe = probes.open({"cursor": {"field": "at"}})
    window = Window(NOON + timedelta(seconds=3), NOON + timedelta(seconds=5))
    assert len(read(probe, window)) == 10


def test_a_flagged_row_is_a_deleted_record(server: ScriptedServer, probes: Probes) -> None:
    server.scripts["/rows"] = Reply({"items": [item(1, gone=True), item(2, gone=False)]})
    probe = probes.open({"deletes": {"kind": "field", "field": "gone"}})
    assert [(each.native_id, each.deleted) for each in read(probe)] == [("1", True), ("2", False)]
