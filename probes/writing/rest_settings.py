"""How a stream of a JSON API is written, as the landscape says it beside how it is read.

In paths, parameters and bodies `{id}` stands for the native id, `{deal}` for the business key of
that kind, and `{idempotency_key}` for what names the one attempt to write.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from monitor.core.streams import Name, Settings
from monitor.core.writing import Operation, Safety
from probes.engine.authentication import Auth
from probes.engine.errors import ErrorRow
from probes.writing.settings import WritingSettings


class WriteCredential(Settings):
    """Who tieout is when it writes; somebody else than when it reads."""

    auth: Auth


class IdempotencySettings(Settings):
    """By what the system knows that two requests are the same one."""

    header: str | None = None
    """Header that carries the idempotency key."""
    field: str | None = None
    """Path in the body that carries it."""
    unique: bool = False
    """The system refuses a second record with the same business key, by itself."""

    @model_validator(mode="after")
    def _says_how(self) -> Self:
        if (self.header is not None) + (self.field is not None) + self.unique != 1:
            raise ValueError("idempotency is one of 'header', 'field' and 'unique'")
        return self


class NoPrecondition(Settings):
    """The system compares nothing: the record is read just before it is written."""

    kind: Literal["none"] = "none"


class EtagPrecondition(Settings):
    """The system takes the ETag that it showed back in `If-Match` (RFC 9110, 13.1.1)."""

    kind: Literal["etag"]
    field: str | None = None
    """Path of the ETag in the record, such as `['@odata.etag']`; None: the header `ETag`."""


class VersionPrecondition(Settings):
    """The system takes back the version, or the stamp, that the record shows."""

    kind: Literal["version"]
    field: str
    """Path of it in the record."""
    place: Literal["body", "query", "header"] = Field(default="body", alias="in")
    """Where it is sent."""
    name: str | None = None
    """Path in the body, parameter or header; None: as in the record."""


Precondition = Annotated[
    NoPrecondition | EtagPrecondition | VersionPrecondition, Field(discriminator="kind")
]


class WriteRequest(Settings):
    """One kind of request that changes something."""

    method: str
    path: str
    """Under the system's base URL."""
    params: dict[str, str] = {}
    """Query parameters."""
    headers: dict[str, str] = {}
    idempotency: IdempotencySettings | None = None
    """None: the same request twice is two effects."""
    errors: tuple[ErrorRow, ...] = ()
    """What single answers to it mean, before anything else; they are taken at their word."""


class CreateRequest(WriteRequest):
    """How a record is created."""

    method: Literal["POST", "PUT"] = "POST"
    constants: dict[str, Any] = {}
    """Path to what every new record has there."""
    id: str | None = None
    """Path of the new record's id in the answer."""
    id_header: str | None = None
    """Header whose address ends with the new record's id, such as `Location`."""

    @model_validator(mode="after")
    def _shows_the_id(self) -> Self:
        if (self.id is None) == (self.id_header is None):
            raise ValueError(
                "the answer must show the new record's id: give its path as 'id', or a header"
                " that ends with it as 'id_header'"
            )
        return self


class UpdateRequest(WriteRequest):
    """How fields of a record are changed."""

    method: Literal["PATCH", "PUT", "POST"] = "PATCH"
    constants: dict[str, Any] = {}
    """Path to what is sent with every change."""
    sends: Literal["changes", "whole"] = "changes"
    """`whole`: the record as it was read, with the changes in it, for systems that would blank
    whatever is left out."""
    precondition: Precondition = NoPrecondition()


class DeleteRequest(WriteRequest):
    """How a record is deleted."""

    method: Literal["DELETE", "POST"] = "DELETE"
    precondition: Precondition = NoPrecondition()


class TriggerRequest(WriteRequest):
    """A named call that starts a flow again."""

    method: Literal["POST", "PUT", "GET"] = "POST"
    body: Any = None


class RestWriting(WritingSettings):
    """What can be written to a list of a JSON API."""

    create: CreateRequest | None = None
    update: UpdateRequest | None = None
    delete: DeleteRequest | None = None
    triggers: dict[Name, TriggerRequest] = {}
    """Calls by name."""

    def requests(self) -> Iterator[tuple[Operation, WriteRequest, tuple[str, ...]]]:
        """Every request that is declared, with its place below these settings."""
        for operation, request in (
            (Operation.CREATE, self.create),
            (Operation.UPDATE, self.update),
            (Operation.DELETE, self.delete),
        ):
            if request is not None:
                yield operation, request, (operation.value,)
        for name, trigger in self.triggers.items():
            yield Operation.TRIGGER, trigger, ("triggers", name)

    def operations(self) -> Mapping[Operation, Safety]:
        """What can be done, and what keeps it safe; the weakest of all triggers counts."""
        safe: dict[Operation, Safety] = {}
        for operation, request, _ in self.requests():
            safe[operation] = min(
                _safety_of(request), safe.get(operation, Safety.KEYED), key=_STRENGTH.index
            )
        return safe


_STRENGTH = (Safety.COMPARED, Safety.CONDITIONAL, Safety.KEYED)


def _safety_of(request: WriteRequest) -> Safety:
    if isinstance(request, UpdateRequest | DeleteRequest):
        is_compared_here = isinstance(request.precondition, NoPrecondition)
        return Safety.COMPARED if is_compared_here else Safety.CONDITIONAL
    return Safety.COMPARED if request.idempotency is None else Safety.KEYED
