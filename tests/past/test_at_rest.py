"""What did not move is told by the stored links, and says what exploring it would say."""

from collections import Counter
from dataclasses import replace
from datetime import datetime

import pytest

from monitor.as_of import Shard, open_shards, see_as_of
from monitor.core.model import KeyRole, KeyUse
from monitor.cycle import run_cycle
from monitor.estate import Flow
from monitor.preparation import prepare_flow
from monitor.store.database import Database
from monitor.store.past import AsOf
from tests.cycle.small_firm import SmallFirm
from tests.past.test_as_of import look, texts

DEALS = 8


@pytest.fixture
def firm(database: Database) -> SmallFirm:
    """Eight deals that a cycle looked at: one without a project, two that share one."""
    firm = SmallFirm(database)
    prepare_flow(flow_of(firm), database, firm.clock())
    for number in range(DEALS):
        firm.win(f"D{number}")
        if number != 1:
            firm.staff(f"D{number}", "900.00" if number == 2 else "1000.00")
    keys = tuple(KeyUse(KeyRole.REFERS, "deal", deal) for deal in ("D4", "D6"))
    firm.psa.rows["p-D4"] = replace(firm.psa.rows["p-D4"], keys=keys)
    look(firm)
    run_cycle(firm.estate, database, firm.clock)
    firm.later(minutes=300)
    look(firm)
    run_cycle(firm.estate, database, firm.clock)
    return firm


def flow_of(firm: SmallFirm) -> Flow:
    (flow,) = firm.estate.flows
    return flow


def opened(firm: SmallFirm, flow: Flow) -> list[Shard]:
    now = firm.clock()
    return list(open_shards(flow, firm.estate, firm.database, now, now, size=2))


def deals_in(firm: SmallFirm, shard: Shard) -> set[str]:
    return set(shard.state(firm.clock())[1]["transaction"])


def found_in(firm: SmallFirm, shards: list[Shard], at: datetime) -> Counter[str]:
    sight = see_as_of(firm.estate, firm.database, AsOf(at, firm.clock()))
    return texts(shard.findings(at, sight) for shard in shards)


def test_nothing_is_explored_where_nothing_moved(firm: SmallFirm) -> None:
    shards = opened(firm, flow_of(firm))
    assert all(shard.links is not None for shard in shards)
    told = Counter(deal for shard in shards for deal in deals_in(firm, shard))
    assert told == Counter(f"D{number}" for number in range(DEALS))


def test_deals_that_share_a_record_are_told_together(firm: SmallFirm) -> None:
    shards = opened(firm, flow_of(firm))
    assert [True for shard in shards if {"D4", "D6"} <= deals_in(firm, shard)] == [True]


def test_only_what_moved_is_explored(firm: SmallFirm) -> None:
    at = firm.clock()
    firm.later(minutes=10)
    firm.staff("D3", "5.00")
    look(firm)
    shards = list(open_shards(flow_of(firm), firm.estate, firm.database, at, firm.clock(), size=2))
    explored = [shard for shard in shards if shard.links is None]
    assert set().union(*(shard.state(at)[1]["transaction"] for shard in explored)) == {"D3"}
    without_links = list(
        open_shards(replace(flow_of(firm), digest=""), firm.estate, firm.database, at, firm.clock())
    )
    assert found_in(firm, shards, at) == found_in(firm, without_links, at)


def test_rules_that_no_cycle_applied_yet_are_asked_of_what_is_explored(firm: SmallFirm) -> None:
    other = replace(flow_of(firm), digest="another")
    explored = opened(firm, other)
    assert all(shard.links is None for shard in explored)
    found = found_in(firm, explored, firm.clock())
    assert found == found_in(firm, opened(firm, flow_of(firm)), firm.clock())
    assert sum(found.values()) > 1
