"""Whether a table can be written as the landscape says."""

from collections.abc import Iterator

from monitor.core.plugins import Misfit
from probes.writing.checks import unknown_placeholders
from probes.writing.settings import WritableStream
from probes.writing.sql_settings import SqlWriting


def check_sql_writing(
    stream: WritableStream, writing: SqlWriting, *, is_query: bool
) -> Iterator[Misfit]:
    """What does not fit in how the rows of a stream are written."""
    if is_query:
        yield Misfit("a query cannot be written: give its 'table'", "write")
    if writing.create is not None:
        at = ("write", "create")
        if not stream.findable:
            yield Misfit("rows that are created need a key by which the database finds them", *at)
        for name in unknown_placeholders(stream, writing.create.constants, {"idempotency_key"}):
            yield Misfit(f"nothing stands for '{{{name}}}' here", *at, "constants")
