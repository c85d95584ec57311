"""The safety case names every guard, and every proof that it names exists."""

import re

from monitor.core.corrections import Guard
from tests.docs.pages import DOCS

CASE = (DOCS / "explanation" / "safety-case.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| `(\w+)` \|(.*)\|$", CASE, re.MULTILINE)


def proofs_of(text: str) -> set[str]:
    return set(re.findall(r"`(test_\w+)`", text))


def test_every_guard_has_its_row() -> None:
    assert sorted(name for name, _ in ROWS) == sorted(guard.value for guard in Guard)


def test_every_guard_is_proved() -> None:
    assert [name for name, rest in ROWS if not proofs_of(rest)] == []


def test_every_proof_exists() -> None:
    folder = DOCS.parent / "tests"
    defined = {
        name
        for file in folder.rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)\(", file.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert proofs_of(CASE) - defined == set()
