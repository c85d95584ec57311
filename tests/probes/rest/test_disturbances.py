from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.core.errors import Permanent, Reason, TieoutError, Transient
from tests.probes.clocks import NOON
from tests.probes.rest.scene import CURSOR_PAGES, Probes, item, read, serve_pages
from tests.servers import Fault, Reply, Request, ScriptedServer

TROUBLES = [
    Reply(status=429, headers={"Retry-After": "1"}),
    Reply(status=429, headers={"Retry-After": format_datetime(NOON, usegmt=True)}),
    Reply(status=500),
    Reply(status=503),
    Reply(fault=Fault.DROPPED),
    Reply({"items": [item(1)] * 9, "next": None}, fault=Fault.CUT),
    Reply({"items": [item(1)] * 9, "next": None}, fault=Fault.CUT_UNSIZED),
    Reply({"items": [item(1)] * 9, "next": None}, fault=Fault.CUT_UNSIZED, gzipped=True),
    Reply(b"<html>try later</html>"),
]


@settings(max_examples=25, deadline=None)
@given(troubles=st.lists(st.sampled_from([*TROUBLES, None]), max_size=12))
def test_a_disturbed_look_ends_as_the_undisturbed_one_or_raises(
    troubles: list[Reply | None],
) -> None:
    serve = serve_pages(4, 14)
    schedule = iter(troubles)
    with ScriptedServer({"/rows": lambda request: next(schedule, None) or serve(request)}) as there:
        probes = Probes(there)
        try:
            found = [record.native_id for record in read(probes.open({"read": CURSOR_PAGES}))]
        except Transient:
            found = None
        probes.close()
    longest_run = max(
        map(len, "".join("x" if each else " " for each in troubles).split()), default=0
    )
    if longest_run < 4:
        assert found == [str(number) for number in range(14)]
    else:
        assert found is None or len(found) == 14


@settings(max_examples=25, deadline=None)
@given(
    pages=st.permutations([[1, 2, 3], [4, 5], [6], [2, 3], [1, 6], []]),
    shuffle=st.randoms(use_true_random=False),
)
def test_any_order_of_pages_with_duplicates_shows_the_same_states(
    pages: list[list[int]], shuffle: Any
) -> None:
    served = [[item(number) for number in page] for page in pages]
    for page in served:
        shuffle.shuffle(page)

    def serve(request: Request) -> Reply:
        turn = int(request.param("cursor", "0"))
        following = turn + 1 if turn + 1 < len(served) else None
        return Reply({"items": served[turn], "next": following})

    with ScriptedServer({"/rows": serve}) as there:
        probes = Probes(there)
        found = {
            (each.native_id, each.version) for each in read(probes.open({"read": CURSOR_PAGES}))
        }
        probes.close()
    assert {native_id for native_id, _ in found} == set("123456")
    assert len(found) == 6


def test_a_dripping_source_is_left_when_the_look_has_taken_too_long(
    server: ScriptedServer, probes: Probes
) -> None:
    server.scripts["/rows"] = Reply(fault=Fault.DRIPPING)
    with pytest.raises(Transient) as caught:
        read(probes.open(deadline="PT0.1S"))
    assert caught.value.reason is Reason.DEADLINE


def test_the_deadline_is_for_all_pages_together(server: ScriptedServer, probes: Probes) -> None:
    server.scripts["/rows"] = serve_pages(1, 10_000)
    with pytest.raises(Transient) as caught:
        read(probes.open({"read": CURSOR_PAGES}, deadline="PT0.2S"))
    assert caught.value.reason is Reason.DEADLINE


def test_a_bomb_is_refused(server: ScriptedServer, probes: Probes) -> None:
    server.scripts["/rows"] = Reply(b" " * 3_000_000, gzipped=True)
    with pytest.raises(Permanent) as caught:
        read(probes.open(max_bytes=1_000_000))
    assert caught.value.reason is Reason.TOO_LARGE


@pytest.mark.parametrize(
    "body",
    [
        b'{"items": [], "items": []}',
        b'{"items": NaN}',
        b'{"items": [], "next": 1, "next": 2}',
        b'{"items": ' + b"[" * 99,
    ],
)
def test_odd_json_never_becomes_a_page(server: ScriptedServer, probes: Probes, body: bytes) -> None:
    server.scripts["/rows"] = Reply(body)
    with pytest.raises(TieoutError) as caught:
        read(probes.open())
    assert caught.value.reason is Reason.MALFORMED


def test_the_budget_is_kept_and_shown(server: ScriptedServer, probes: Probes) -> None:
    server.scripts["/rows"] = Reply({"items": []}, headers={"X-Limit": "1000", "X-Left": "900"})
    probe = probes.open(
        budget={
            "calls_per_minute": 2,
            "calls_per_day": 100,
            "limit_header": "X-Limit",
            "remaining_header": "X-Left",
        }
    )
    for _ in range(3):
        read(probe)
    assert probes.time.now == NOON + timedelta(minutes=1)
    assert probe.calls_made() == 3
    assert probe.calls_remaining() == {"minute": 1, "day": 97, "vendor": 400}
