"""One measured ratio, and how it is printed."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """A ratio against something measured in the same minute.

    Attributes:
        name: what against what.
        ratio: the figure.
        aim: what it should be, as people read it.
        detail: the figures behind it, and how they were taken.
    """

    name: str
    ratio: float
    aim: str
    detail: str

    def __str__(self) -> str:
        return f"{self.ratio:7.2f}  aim {self.aim:<8} {self.name}  ({self.detail})"
