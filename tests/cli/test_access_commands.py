"""Commands that give and take access."""

import io
import json
from pathlib import Path

import pytest

from monitor.cli.exits import Exit
from tests.cli.conftest import Ran, Run

PASSWORD = "wind over the harbour"
LANDSCAPE = """
version: 1
firm: {name: A firm}
store: {url: "sqlite:///STORE"}
people:
  ann: {roles: [operator], legal_entities: [DE01]}
  bob: {roles: [auditor]}
systems:
  crm:
    probe: files
    streams:
      opportunity: {path: deals.csv, entity: opportunity, id: id, map: {name: name}}
"""


@pytest.fixture
def landscape(tmp_path: Path) -> Path:
    path = tmp_path / "landscape.yaml"
    path.write_text(LANDSCAPE.replace("STORE", str(tmp_path / "tieout.db")))
    return path


@pytest.fixture
def set_password(tieout: Run, landscape: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    def run(name: str, password: str = PASSWORD) -> Ran:
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{password}\n"))
        return tieout("user", "password", name, "-l", landscape, "--who", "root")

    return run


def test_a_password_is_read_from_stdin_and_never_repeated(
    tieout: Run, landscape: Path, set_password: Run
) -> None:
    ran = set_password("ann")
    assert ran.status == Exit.IN_ORDER
    assert ran.out == "ann logs in with the new password; 0 sessions ended\n"
    refused = set_password("bob", "tooshort")
    assert refused.status == Exit.FAILED
    assert "at least 15 characters" in refused.err
    assert "tooshort" not in refused.err + refused.out
    assert set_password("eve").status == Exit.FAILED
    people = json.loads(tieout("user", "list", "-l", landscape, "--json").out)
    assert [(each["name"], each["can_log_in"]) for each in people] == [
        ("ann", True),
        ("bob", False),
    ]


def test_an_account_is_locked_and_unlocked(tieout: Run, landscape: Path, set_password: Run) -> None:
    set_password("ann")
    assert tieout("user", "lock", "ann", "-l", landscape).status == Exit.IN_ORDER
    assert "locked" in tieout("user", "list", "-l", landscape).out
    assert tieout("user", "lock", "ann", "-l", landscape).status == Exit.FAILED
    assert tieout("user", "unlock", "ann", "-l", landscape).status == Exit.IN_ORDER
    assert "can log in" in tieout("user", "list", "-l", landscape).out
    assert tieout("user", "unlock", "bob", "-l", landscape).status == Exit.FAILED
    assert tieout("user", "sessions", "-l", landscape).out == "nobody is logged in\n"
    assert tieout("user", "log-out", "ann", "-l", landscape).out == "0 sessions of ann ended\n"


def test_a_token_is_shown_once_and_listed_without_itself(tieout: Run, landscape: Path) -> None:
    place = ("-l", landscape)
    added = tieout(
        "token", "add", "bob", *place, "--label", "scraper", "--may", "metrics", "--for", "30d"
    )
    assert added.status == Exit.IN_ORDER
    secret = added.out.strip()
    assert secret.startswith("tieout_")
    assert "\n" not in secret
    listed = tieout("token", "list", *place)
    assert "scraper" in listed.out
    assert secret not in listed.out
    assert tieout("token", "revoke", 1, *place).status == Exit.IN_ORDER
    assert tieout("token", "revoke", 1, *place).status == Exit.FAILED
    assert tieout("token", "list", *place).out == "there is no token\n"
    ended = json.loads(tieout("token", "list", "--all", "--json", *place).out)
    assert ended[0]["revoked_at"] is not None


@pytest.mark.parametrize(
    ("name", "may", "lasts"),
    [("ann", "decide", "30d"), ("bob", "metrics", "900d"), ("eve", "read", "1d")],
)
def test_no_token_may_more_than_its_person_or_hold_for_ever(
    tieout: Run, landscape: Path, name: str, may: str, lasts: str
) -> None:
    ran = tieout(
        "token", "add", name, "-l", landscape, "--label", "x", "--may", may, "--for", lasts
    )
    assert ran.status == Exit.FAILED
    assert ran.out == ""


def test_a_review_lists_everybody_and_says_what_to_ask_about(
    tieout: Run, landscape: Path, set_password: Run
) -> None:
    set_password("ann")
    ran = tieout("access", "review", "-l", landscape, "--json")
    assert ran.status == Exit.IN_ORDER
    ann, bob = json.loads(ran.out)
    assert ann["legal_entities"] == ["DE01"]
    assert "handle" in ann["permissions"]
    assert (bob["can_log_in"], bob["remarks"]) == (False, [])
    landscape.write_text(landscape.read_text().replace("  ann:", "  anna:"))
    shown = tieout("access", "review", "-l", landscape)
    assert shown.status == Exit.BREAKS
    assert "the landscape does not name them" in shown.out
