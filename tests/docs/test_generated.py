"""Generated pages say what the code says."""

from pathlib import Path

import pytest

from tests.docs.generated import PAGES, RULE_PAGES


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_generated_page_is_up_to_date(page: Path) -> None:
    written = page.read_text(encoding="utf-8")
    assert written == PAGES[page](), "run: python -m tests.docs.generated"


def test_every_page_on_a_rule_has_its_rule() -> None:
    assert {page for page in PAGES if page.parent == RULE_PAGES} == set(RULE_PAGES.glob("*"))
