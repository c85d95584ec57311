"""Whether a model of Tryton can be written as the landscape says."""

from collections.abc import Iterator

from monitor.core.plugins import Misfit
from probes.writing.checks import suggest, unknown_placeholders
from probes.writing.settings import WritableStream
from probes.writing.tryton_settings import TrytonWriting


def check_tryton_writing(stream: WritableStream, writing: TrytonWriting) -> Iterator[Misfit]:
    """What does not fit in how the records of a stream are written."""
    for name in writing.buttons:
        if name not in stream.map:
            hint = suggest(name, stream.map)
            yield Misfit(
                f"the stream does not map a field '{name}'{hint}", "write", "buttons", name
            )
    if writing.create is not None:
        at = ("write", "create")
        if not stream.findable:
            yield Misfit("records that are created need a key that Tryton can be asked for", *at)
        for name in unknown_placeholders(stream, writing.create.constants, {"idempotency_key"}):
            yield Misfit(f"nothing stands for '{{{name}}}' here", *at, "constants")
