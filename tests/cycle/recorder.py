"""A channel that remembers what it was told."""

from monitor.core.errors import TieoutError
from monitor.core.notices import Delivery, Notice


class Recorder:
    """Notices in the order of their arrival; the failures given to it come first, one a call."""

    def __init__(self) -> None:
        self.notices: list[Notice] = []
        self.failures: list[TieoutError] = []

    def send(self, notice: Notice) -> Delivery:
        if self.failures:
            raise self.failures.pop(0)
        self.notices.append(notice)
        return Delivery(notice.id)

    def find(self, notice: Notice) -> Delivery | None:
        known = [each for each in self.notices if each.id == notice.id]
        return Delivery(known[0].id) if known else None

    def close(self) -> None:
        self.failures = []
