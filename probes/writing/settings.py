"""What a stream says of how it is written, whatever system it is in."""

import re
from collections.abc import Iterator
from typing import ClassVar, Final, Literal

from pydantic import Field, SecretStr

from monitor.core.plugins import Misfit
from monitor.core.streams import Name, Settings, StreamSettings
from probes.engine.keys import plain_paths
from probes.engine.values import DECIMALS

NO_KEYS: Final = frozenset({"id", "idempotency_key"})
"""Placeholders that stand for no business key."""

_PLACEHOLDER: Final = re.compile(r"\{([a-z][a-z0-9_-]*)\}")


class FieldWriting(Settings):
    """How a canonical field is written. A bare path is short for `{to: path}`."""

    to: str | None = None
    """Path in what is sent; None: the path that the field is read from."""
    values: dict[str, str] = {}
    """Canonical word to the system's, where several of these mean the same."""
    number: Literal["number", "text"] = Field(default="number", alias="as")
    """Whether numbers are sent as such or as text."""
    decimals: int | None = Field(default=None, ge=0, le=DECIMALS)
    """Digits after the point that the system wants to see; None: as many as there are."""


class WritingSettings(Settings):
    """What can be written to a stream. What is not named here is never written."""

    fields: dict[str, str | FieldWriting] = {}
    """Canonical field to the path where it is written."""
    keys: dict[Name, str] = {}
    """Key kind to the path where a new record gets it."""

    def field(self, name: str) -> FieldWriting:
        """How a field is written, in the full form."""
        writing = self.fields[name]
        return FieldWriting(to=writing) if isinstance(writing, str) else writing

    def keys_of_new(self, *texts: object) -> frozenset[str]:
        """Key kinds that a new record gets, at a path of their own or inside one of these texts."""
        return frozenset(self.keys) | (frozenset(placeholders_in(texts)) - NO_KEYS)


def placeholders_in(texts: object) -> list[str]:
    """Names in braces, in order, in whatever holds texts."""
    return _PLACEHOLDER.findall(str(texts))


class WritableStream(StreamSettings):
    """A stream that may say how it is written; those of probes with a writer extend it."""

    is_flat: ClassVar[bool] = False
    """Its records have no levels: what a dot leads to belongs to another record."""

    @property
    def writing(self) -> WritingSettings | None:
        """What can be written; None where nothing can."""
        return None

    @property
    def findable(self) -> frozenset[str]:
        """Key kinds by which the source can be asked for records."""
        return frozenset(kind for kind in (*self.defines, *self.refers) if plain_paths(self, kind))

    def check_requests(self) -> Iterator[Misfit]:
        """What does not fit in how each operation is asked for."""
        return iter(())


def secrets_in(settings: object) -> frozenset[str]:
    """Every secret that stands in some settings, however deep."""
    match settings:
        case SecretStr():
            return frozenset({settings.get_secret_value()})
        case Settings():
            return secrets_in([getattr(settings, name) for name in type(settings).model_fields])
        case dict():
            return secrets_in(list(settings.values()))
        case list() | tuple():
            return frozenset(secret for each in settings for secret in secrets_in(each))
        case _:
            return frozenset()
