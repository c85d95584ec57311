"""A package that a firm might have installed beside tieout."""

from collections.abc import Iterator
from pathlib import Path

import pytest

INSTALLED = Path(__file__).parent / "installed"


@pytest.fixture(autouse=True, scope="package")
def firm_checks() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(INSTALLED)
        yield
