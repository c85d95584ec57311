"""Bad rows among good ones, in every kind of source and on both stores."""

from collections import Counter
from pathlib import Path

import pytest

from monitor.store.database import Database
from tests.badinput.firm import watched
from tests.badinput.rows import GOOD
from tests.badinput.sources import KINDS, opened


@pytest.mark.parametrize("kind", KINDS)
def test_bad_rows_are_set_aside_with_their_reasons_until_they_are_mended(
    tmp_path: Path, database: Database, kind: str
) -> None:
    with opened(kind, tmp_path) as source, watched(source, tmp_path, database) as firm:
        rows = [bad.row(number) for number, bad in enumerate(source.bad.values(), start=3)]
        source.show([*rows[:5], *GOOD, *rows[5:]])
        done = firm.look()

        assert [look for look in done.looks if look.failure] == []
        aside = firm.set_aside()
        assert {str(each.stream) for each in aside} == {"psa.project"}
        reasons = Counter(bad.reason for bad in source.bad.values())
        assert Counter(each.reject.reason for each in aside) == reasons
        assert firm.breaks() == {("D1", "mismatch", "amount")}
        depths = firm.series("tieout_quarantine_depth")
        assert depths[("psa", "project")] == len(rows)

        mended = [{**GOOD[1], "id": str(number)} for number in range(3, 3 + len(rows))]
        source.show([*mended, *GOOD])
        firm.look()
        assert firm.set_aside() == []
        assert firm.breaks() == {("D1", "mismatch", "amount")}
        assert firm.deals()["D2"] >= {row["id"] for row in mended}
