"""The commands `rehearse` and `sample` on the simulated firm."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.cli.exits import Exit
from monitor.cli.moments import read_instant
from tests.cli.conftest import Run
from tests.daemon.firms import Scene


def now() -> str:
    return datetime.now(UTC).isoformat()


def test_the_rules_in_force_find_in_rehearsal_what_they_found(
    tieout: Run, firm: Scene, looked_at: Path
) -> None:
    ran = tieout("rehearse", looked_at, "--since", now(), "--json", variables=firm.environment())
    told = json.loads(ran.out)
    assert ran.status == Exit.IN_ORDER, ran.err
    found = {
        (each["transaction"], each["kind"], each["system"], each["stream"], each["field"])
        for each in told["rehearsed"]
    }
    assert found == firm.planted()
    assert all(not each["only_before"] and not each["only_rehearsed"] for each in told["rules"])


def test_a_changed_severity_finds_the_same_breaks(
    tieout: Run, firm: Scene, looked_at: Path, tmp_path: Path
) -> None:
    text = looked_at.read_text("utf-8")
    calm = tmp_path / "calm.yaml"
    calm.write_text(
        text.replace("check: dead_letter", "check: dead_letter\n        severity: info")
    )
    ran = tieout(
        "rehearse", calm, "--against", looked_at, "--since", now(), variables=firm.environment()
    )
    assert ran.status == Exit.IN_ORDER, ran.err
    assert "standing" in ran.out


def test_days_before_the_first_look_are_told_as_unseen(
    tieout: Run, firm: Scene, looked_at: Path
) -> None:
    ran = tieout("rehearse", looked_at, "--every", "2d", "--json", variables=firm.environment())
    assert ran.status & Exit.BLIND
    assert json.loads(ran.out)["unasked"]


@pytest.mark.parametrize(
    ("option", "value"),
    [("--since", "yesterday"), ("--every", "often"), ("--every", "0s"), ("--until", "2999-01-01")],
)
def test_times_that_cannot_be_are_refused(
    tieout: Run, firm: Scene, looked_at: Path, option: str, value: str
) -> None:
    ran = tieout("rehearse", looked_at, option, value, variables=firm.environment())
    assert ran.status == Exit.REFUSED
    assert "Traceback" not in ran.err


def test_a_date_means_its_very_end() -> None:
    assert read_instant("2026-03-31") == datetime(2026, 4, 1, tzinfo=UTC) - timedelta(
        microseconds=1
    )
    assert read_instant("2026-03-31T22:00+02:00") == datetime(2026, 3, 31, 20, tzinfo=UTC)
    assert read_instant("2026-03-31T22:00") == datetime(2026, 3, 31, 22, tzinfo=UTC)


def test_a_sample_is_drawn_examined_and_written(
    tieout: Run, firm: Scene, looked_at: Path, tmp_path: Path
) -> None:
    out = tmp_path / "sample.json"
    words = ("sample", looked_at, "--stream", "erp.projects", "--tolerable", "5%", "--seed", 7)
    ran = tieout(*words, "--out", out, "--json", variables=firm.environment())
    told = json.loads(ran.out)
    assert json.loads(out.read_text()) == told
    assert ran.status == Exit.BREAKS, ran.err
    broken = {each[0] for each in firm.planted()}
    for each in told["examined"]:
        assert each["reading"] == "agrees"
        deals = {finding["transaction"] for finding in each["findings"]}
        assert deals <= broken
    assert told["conclusion"]["deviations"] == sum(each["deviates"] for each in told["examined"])
    shown = tieout(*words, variables=firm.environment())
    assert "not shown to be tolerable at 5 %" in shown.out


def test_money_is_sampled_in_one_currency(tieout: Run, firm: Scene, looked_at: Path) -> None:
    words = ("sample", looked_at, "--stream", "erp.projects", "--method", "monetary", "--seed", 7)
    refused = tieout(*words, "--tolerable", "50000", variables=firm.environment())
    assert refused.status == Exit.REFUSED
    assert "choose one" in refused.err
    ran = tieout(
        *words, "--tolerable", "900000", "--currency", "eur", "--draw-only", "--json",
        variables=firm.environment(),
    )  # fmt: skip
    assert ran.status == Exit.IN_ORDER
    assert json.loads(ran.out)["interval"] == "300000.000000"


@pytest.mark.parametrize(
    "words",
    [
        ("--stream", "nowhere.things", "--tolerable", "0.05"),
        ("--stream", "nonsense", "--tolerable", "0.05"),
        ("--stream", "erp.projects", "--tolerable", "lots"),
        ("--stream", "erp.projects", "--tolerable", "nan"),
        ("--stream", "erp.projects", "--tolerable", "7"),
        ("--stream", "erp.projects", "--tolerable", "5%", "--method", "monetary"),
    ],
)
def test_samples_that_cannot_be_are_refused(
    tieout: Run, firm: Scene, looked_at: Path, words: tuple[str, ...]
) -> None:
    ran = tieout("sample", looked_at, *words, "--seed", 1, variables=firm.environment())
    assert ran.status == Exit.REFUSED
    assert "Traceback" not in ran.err


def test_the_store_is_reconciled_as_it_was(
    tieout: Run, firm: Scene, looked_at: Path, tmp_path: Path
) -> None:
    variables = firm.environment()
    asked = now()
    ran = tieout("reconcile", looked_at, "--as-of", asked, "--json", variables=variables)
    assert ran.status == Exit.BREAKS, ran.err
    told = json.loads(ran.out)
    found = {
        (each["key"], each["kind"], each["system"], each["stream"], each["field"])
        for each in told["breaks"]
    }
    assert found == firm.planted()
    assert sum(told["rows"].values()) > 100
    early = tieout("reconcile", looked_at, "--as-of", "2020-12-31", variables=variables)
    assert early.status == Exit.BLIND
    assert "not looked at then: crm.opportunities" in early.out
    assert "as known at" in early.out
    refused = tieout("reconcile", looked_at, "--as-of", "2999-12-31", variables=variables)
    assert refused.status == Exit.REFUSED
    again = tieout(
        "reconcile", looked_at, "--as-of", asked, "--known", told["known"], "--json",
        variables=variables,
    )  # fmt: skip
    assert json.loads(again.out) == told
    before = tieout(
        "reconcile", looked_at, "--as-of", asked, "--known", "2020-12-31", variables=variables
    )
    assert before.status == Exit.REFUSED
