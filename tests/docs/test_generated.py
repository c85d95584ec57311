"""Generated pages say what the code says."""

from pathlib import Path

import pytest

from tests.docs.generated import PAGES


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_generated_page_is_up_to_date(page: Path) -> None:
    written = page.read_text(encoding="utf-8")
    assert written == PAGES[page](), "run: python -m tests.docs.generated"
