"""Controls: what an auditor relies on, and the rules that carry it out."""

from datetime import timedelta
from enum import StrEnum

from pydantic import Field

from monitor.core.streams import Duration, Name, Settings


class Assertion(StrEnum):
    """What a control says of transactions.

    Source: ISA 315 (Revised 2019), A190, assertions about classes of transactions; authorisation
    is the information-processing objective that COSO adds.
    """

    OCCURRENCE = "occurrence"
    COMPLETENESS = "completeness"
    ACCURACY = "accuracy"
    CUT_OFF = "cut_off"
    CLASSIFICATION = "classification"
    AUTHORISATION = "authorisation"


class ControlSettings(Settings):
    """A control: rules of one flow that together assure something."""

    title: str = ""
    """What people call it."""
    objective: str = Field(min_length=1)
    """What it assures, in a sentence."""
    owner: Name
    """The team that answers for it."""
    frequency: Duration = Field(ge=timedelta(seconds=1))
    """How long it may go without having looked; a longer gap is an exception of the control."""
    precision: str = Field(min_length=1)
    """From what size on it notices a deviation, in words."""
    assertions: tuple[Assertion, ...] = Field(min_length=1)
    """`occurrence`, `completeness`, `accuracy`, `cut_off`, `classification`, `authorisation`."""
    flow: Name
    """Whose deals it looks at."""
    rules: tuple[Name, ...] = Field(min_length=1)
    """Rules and hand-offs of the flow that it stands on."""
    reviewers: tuple[Name, ...] = ()
    """People who review its reports; they must be able to sign off."""
