"""Chance that can be repeated."""

from random import Random


def seeded(*parts: object) -> Random:
    """A source of chance that depends on the parts alone."""
    return Random(":".join(str(part) for part in parts))  # noqa: S311 - rehearsals, not secrets
