"""Waiting for what another thread brings about."""

import time
from collections.abc import Callable

PATIENCE = 60.0


def wait_until(is_so: Callable[[], bool]) -> None:
    """Return as soon as it is so.

    Raises:
        AssertionError: it was not within the patience.
    """
    end = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < end, "it never came about"
        time.sleep(0.01)
