"""More of the sweep of deaths while incidents are told, and two daemons on one PostgreSQL."""

from pathlib import Path

import pytest

from tests.databases import PostgreSQL
from tests.incidents.crashes import Stage, at_random, count
from tests.incidents.sweep import sweep, tell

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]


def test_no_death_loses_anything_or_says_it_twice() -> None:
    results = sweep(30)
    print("\n".join(tell(results)))  # noqa: T201 - shown where it fails
    assert [why for each in results for why in each.violations] == []
    assert sum(each.died for each in results) > 50


def test_two_side_by_side_on_one_server_lose_nothing_and_say_it_once(
    postgresql: PostgreSQL, tmp_path: Path
) -> None:
    results = []
    for seed in range(20):
        with Stage(tmp_path, postgresql.emptied()) as stage:
            results.append(stage.play(at_random(seed, side_by_side=2)))
    print(count(results))  # noqa: T201 - shown where it fails
    assert [why for each in results for why in each.violations] == []
