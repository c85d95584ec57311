"""How a table is written, as the landscape says it beside how it is read."""

from collections.abc import Mapping

from pydantic import SecretStr

from monitor.core.streams import Settings
from monitor.core.writing import Operation, Safety
from probes.writing.settings import WritingSettings


class SqlCredential(Settings):
    """Who tieout is when it writes; somebody else than when it reads."""

    url: SecretStr
    """SQLAlchemy URL with an account that may write, and nothing more than that."""


class SqlInsert(Settings):
    """How rows are inserted."""

    constants: dict[str, str | int | bool] = {}
    """Column to what every new row has there; `{deal}` stands for the business key."""
    unique: tuple[str, ...] = ()
    """Columns of a key that the database itself holds unique. It is asked whether it does."""


class SqlUpdate(Settings):
    """Rows are updated where they are as they were read, and not otherwise."""

    constants: dict[str, str | int | bool] = {}
    """Column to what every changed row gets there."""


class SqlDelete(Settings):
    """Rows are deleted where they are as they were read, and not otherwise."""


class SqlWriting(WritingSettings):
    """What can be written to a table. Paths are its columns."""

    create: SqlInsert | None = None
    update: SqlUpdate | None = None
    delete: SqlDelete | None = None
    version: str | None = None
    """Column with a number that everybody raises by one with each change."""
    touch: tuple[str, ...] = ()
    """Columns that get the database's own time with each change; most cursors need theirs."""

    def operations(self) -> Mapping[Operation, Safety]:
        """What can be done, and what keeps it safe."""
        safe: dict[Operation, Safety] = {}
        if self.create is not None:
            safe[Operation.CREATE] = Safety.KEYED if self.create.unique else Safety.COMPARED
        if self.update is not None:
            safe[Operation.UPDATE] = Safety.CONDITIONAL
        if self.delete is not None:
            safe[Operation.DELETE] = Safety.CONDITIONAL
        return safe
