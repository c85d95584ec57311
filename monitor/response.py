"""What an HTTP server answered, whatever library carried it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Any

from monitor.core.errors import Permanent, Reason, TieoutError, Transient
from monitor.core.strict_json import RefusedJson, parse_json, parse_rows

NO_CONTENT = 204


@dataclass(frozen=True)
class Response:
    """What the other side answered, read to its end.

    Attributes:
        status: HTTP status code.
        headers: by lower-case name.
        body: decoded bytes.
        url: address that answered; may hold secrets, so it is never shown.
    """

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    url: str = field(default="", repr=False)

    def json(self) -> Any:
        """The body as strict JSON; None where there is no content by status.

        Raises:
            Transient: the body does not parse, as a page that was cut off does not.
            Permanent: it parses, but holds duplicate keys, NaN, or too deep nesting.
        """
        return self._parse(parse_json)

    def json_rows(self) -> Any:
        """The same for a list of rows: one that is spoilt does not take the others along.

        Values that `json` refuses are `Flaw`s.

        Raises:
            Transient: the body does not parse.
            Permanent: it parses, but is nested too deep.
        """
        return self._rows

    @cached_property
    def _rows(self) -> Any:
        return self._parse(parse_rows)

    def _parse(self, parse: Callable[[bytes], Any]) -> Any:
        if self.status == NO_CONTENT:
            return None
        failure: TieoutError
        try:
            return parse(self.body)
        except RefusedJson as refused:
            failure = Permanent(f"refused the answer's JSON: {refused}", reason=Reason.MALFORMED)
        except ValueError:
            failure = Transient(
                "the answer is not JSON, or was cut off in the middle", reason=Reason.MALFORMED
            )
        # Raised out here, so that the parser's error with a copy of the body is not chained.
        raise failure

    @property
    def date(self) -> datetime | None:
        """When the server answered, by its own clock, in whole seconds (RFC 9110, 6.6.1)."""
        return read_http_date(self.headers.get("date", ""))


def read_http_date(text: str) -> datetime | None:
    """An HTTP date as an aware UTC instant; None where it is none."""
    try:
        moment = parsedate_to_datetime(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
