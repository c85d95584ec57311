"""What every stream and every system declares, whatever probe reads it.

A probe extends these with how to read; sampling and correlation need only what stands here.
"""

import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter

from monitor.core.model import FieldType

_UNITS = {"w": "weeks", "d": "days", "h": "hours", "m": "minutes", "s": "seconds"}


def read_duration(value: object) -> timedelta:
    """`90s`, `1h 30m`, `7d` or ISO 8601 as a timedelta; a bare number says no unit.

    Raises:
        ValueError: no length of time.
    """
    match value:
        case timedelta():
            return value
        case 0 if value is not False:
            return timedelta(0)
        case str() if re.fullmatch(r"\s*(?:[0-9]{1,6}\s*[wdhms]\s*){1,5}", value):
            parts = re.findall(r"([0-9]+)\s*([wdhms])", value)
            times = (timedelta(**{_UNITS[unit]: int(count)}) for count, unit in parts)
            return sum(times, timedelta())
        case str() if value.startswith("P"):
            with suppress(ValueError):
                return _ISO_8601.validate_python(value)
    raise ValueError("expected a length of time such as 30s, 10m, 1h 30m or 7d")


_ISO_8601 = TypeAdapter(timedelta)

Duration = Annotated[
    timedelta, BeforeValidator(read_duration, json_schema_input_type=str), Field(ge=timedelta(0))
]
"""A length of time: `10m`, `1h 30m`, `7d` or ISO 8601 (`PT10M`)."""

NAME = r"^[a-z][a-z0-9_-]{0,62}$"

Name = Annotated[str, Field(pattern=NAME)]
"""A name that people give: lower case, digits, `_` and `-`; safe as a metric label."""


class Settings(BaseModel):
    """Base of every configuration section: unknown keys refused, values frozen and strict."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    def __repr__(self) -> str:
        """The names of what is set, never the values: any of them may come from a reference."""
        return f"{type(self).__name__}({', '.join(sorted(self.model_fields_set))})"

    __str__ = __repr__


class CursorSettings(Settings):
    """How changes of a stream are found by the source's own stamp."""

    field: str
    """Path of the stamp in the source's row."""
    zone: str = "UTC"
    """Time zone of a stamp that names none."""
    format: str | None = None
    """strptime format of a stamp that is not ISO 8601; `epoch` or `epoch_ms`."""
    overlap: Duration = timedelta(minutes=10)
    """How far behind the cursor each window starts again, for rows that commit late."""
    safety_lag: Duration = timedelta(0)
    """How far before the source's present each window ends."""
    retention: Duration | None = None
    """A cursor older than this means a full resync; None: the source keeps every change."""
    ordered: bool = False
    """The source sorts by the stamp, so that a page's last stamp can already be kept."""


class DeletesSettings(Settings):
    """How rows that the source no longer has are seen."""

    kind: Literal["none", "sweep", "field"] = "none"
    """`sweep` lists every id on a schedule; `field` reads a flag from the row."""
    every: Duration = timedelta(hours=1)
    """How often a sweep runs."""
    field: str | None = None
    """Path of the flag in the row, for kind `field`."""
    values: tuple[str | bool, ...] = (True,)
    """What the flag says of a deleted row."""


class FieldMapping(Settings):
    """Where a canonical field's value comes from. A bare path is short for `{from: path}`."""

    source: str | None = Field(default=None, alias="from")
    """Path in the source's row, dots between levels."""
    type: FieldType | None = None
    """Must be the entity's own type for the field; may be left out."""
    constant: str | int | bool | None = None
    """The same value for every row, instead of a path."""
    values: dict[str, str] = {}
    """The source's words to the canonical ones; what is not listed stays as it is."""
    zone: str = "UTC"
    """Time zone of a stamp that names none."""
    format: str | None = None
    """strptime format of an instant or date that is not ISO 8601; `epoch` or `epoch_ms`. Of an
    amount: `cents`, where the source counts hundredths."""
    required: bool = False
    """A row without it is set aside."""


class Replacement(Settings):
    """A regular expression and what takes its place."""

    pattern: str
    replace: str = ""


class KeyMapping(Settings):
    """Where a business key comes from, and how it is brought to one form.

    A bare path is short for `{from: path}`. Several paths make a composite key. A list in the
    row, or text with `split`, gives several keys: split or merged billing.
    """

    source: str | tuple[str, ...] = Field(alias="from")
    normalise: tuple[
        Literal["trim", "upper", "lower", "squeeze", "digits", "alphanumeric"], ...
    ] = (
        "trim",
        "upper",
    )
    """Steps, in order. Before them, spellings that Unicode holds for the same become one; with no
    step at all a key stays exactly as it stands."""
    strip_prefix: tuple[str, ...] = ()
    """Prefixes taken off, the first that fits, after normalising."""
    rewrite: tuple[Replacement, ...] = ()
    """Regular expressions, applied in order after the prefix."""
    split: str | None = None
    """Text between several keys in one field."""
    required: bool = False
    """A row without it is set aside."""


class StreamSettings(Settings):
    """One object type of a system, and how its rows become canonical records."""

    entity: str
    """The canonical business object that each row is."""
    id: str
    """Path of the source's own identifier."""
    map: dict[str, str | FieldMapping] = {}
    """Canonical field to path or mapping."""
    defines: dict[Name, str | KeyMapping] = {}
    """Key kinds that the row itself is."""
    refers: dict[Name, str | KeyMapping] = {}
    """Key kinds that the row points at."""
    cursor: CursorSettings | None = None
    """None reads the whole stream each time."""
    deletes: DeletesSettings = DeletesSettings()
    every: Duration = timedelta(minutes=1)
    """How often the stream is sampled."""
    stale_after: Duration = timedelta(minutes=15)
    """Without a complete look for longer than this, the stream is blind: answers are unknown."""
    consistency: Literal["strong", "eventual"] = "strong"
    """`eventual`: the source may show a change late, so absence is believed only after
    `stale_after` of looking."""


class BudgetSettings(Settings):
    """How much of a system's allowance tieout may use."""

    calls_per_minute: int | None = Field(default=None, gt=0)
    calls_per_day: int | None = Field(default=None, gt=0)
    share: float = Field(default=0.5, gt=0, le=1)
    """Share of the vendor's own quota, as its headers state it, that tieout may use: it stops when
    no more than the rest is left, which belongs to the firm's own integrations."""
    limit_header: str | None = None
    """Header with the vendor's quota, `120` or `used/limit` as in `api-usage=18/5000`."""
    remaining_header: str | None = None
    """Header with what is left of the vendor's quota."""


class SystemSettings(Settings):
    """What every system declares beside its probe's own settings."""

    title: str = ""
    """What people call it."""
    owner: str = ""
    """Who holds it: a name from `owners`."""
    use: str = ""
    """Ready definition that these settings are laid over: `salesforce`, or a file of one's own."""
    budget: BudgetSettings = BudgetSettings()
    deadline: Duration = timedelta(minutes=5)
    """Overall time that one look at one stream may take."""
    streams: Mapping[Name, StreamSettings] = {}
    """Its object types, by name; each probe says more of them."""
