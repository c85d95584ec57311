"""How a model of Tryton is written, as the landscape says it beside how it is read."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field, SecretStr

from monitor.core.streams import Settings
from monitor.core.writing import Operation, Safety
from probes.writing.settings import WritingSettings


class TrytonCredential(Settings):
    """Who tieout is when it writes; somebody else than when it reads."""

    user: str
    password: SecretStr
    context: dict[str, str | int | bool | None] = {}
    """Sent with each call beside the system's own `context`: `company`, `language`."""


class RelationSettings(Settings):
    """How a record of another model is found, so that it can be related."""

    model: str = Field(pattern=r"^[a-z][a-z0-9_]*(\.[a-z0-9_]+)+$")
    """Technical name, `currency.currency`."""
    by: str
    """Field of it that holds what is written here, for just one record."""


class TrytonCreate(Settings):
    """How records are created."""

    constants: dict[str, Any] = {}
    """Field to what every new record has there; in texts `{deal}` stands for the business key."""
    unique: bool = False
    """The model itself refuses a second record with the same key."""


class TrytonUpdate(Settings):
    """Fields are written where the record is as it was read (`_timestamp`), and not otherwise."""

    constants: dict[str, Any] = {}
    """Field to what every changed record gets there, such as `progress` with a state of done."""


class TrytonDelete(Settings):
    """Records are deleted where they are as they were read (`_timestamp`), and not otherwise."""


class TrytonWriting(WritingSettings):
    """What can be written to a model. Paths are its own fields."""

    relations: dict[str, RelationSettings] = {}
    """Field that is a relation to how the related record is found."""
    create: TrytonCreate | None = None
    update: TrytonUpdate | None = None
    delete: TrytonDelete | None = None
    buttons: dict[str, dict[str, str]] = {}
    """Canonical field, then its value, to the button that brings it about: `{status: {cancelled:
    cancel}}`. It must be one that writes the record."""

    def operations(self) -> Mapping[Operation, Safety]:
        """What can be done, and what keeps it safe."""
        safe: dict[Operation, Safety] = {}
        if self.create is not None:
            safe[Operation.CREATE] = Safety.KEYED if self.create.unique else Safety.COMPARED
        if self.update is not None or self.buttons:
            safe[Operation.UPDATE] = Safety.CONDITIONAL
        if self.delete is not None:
            safe[Operation.DELETE] = Safety.CONDITIONAL
        return safe
