"""Whether streams and fields that a landscape names are there."""

from collections.abc import Iterator

from monitor.config.context import known_entities, known_streams
from monitor.config.issues import KeyPath, Problem, did_you_mean
from monitor.config.landscape import Landscape
from monitor.core.model import FieldType, StreamId


class NamedStreams:
    """The streams of a landscape, and what may be said of them."""

    def __init__(self, landscape: Landscape) -> None:
        self.streams = known_streams(landscape)
        entities = known_entities(landscape)
        self.fields = {
            stream: entities.get(settings.entity, {}) for stream, settings in self.streams.items()
        }

    def stream(self, path: KeyPath, name: str, *, at_key: bool = False) -> Iterator[Problem]:
        """A stream of this name exists."""
        if StreamId.parse(name) not in self.streams:
            hint = did_you_mean(name, map(str, self.streams))
            yield Problem(path, f"unknown stream '{name}'{hint}", at_key=at_key)

    def field(
        self,
        path: KeyPath,
        stream: str,
        field: str,
        expected: FieldType | None = None,
        *,
        at_key: bool = False,
    ) -> Iterator[Problem]:
        """The stream has this field; an unknown stream is reported once, where it is named.

        Args:
            path: where the field is named.
            stream: whose field.
            field: canonical.
            expected: its type; None: any.
            at_key: the field is named by a key.
        """
        settings = self.streams.get(StreamId.parse(stream))
        if settings is None:
            return
        fields = self.fields[StreamId.parse(stream)]
        if field not in fields:
            if fields:
                message = f"unknown field '{field}' of {stream}{did_you_mean(field, settings.map)}"
                yield Problem(path, message, at_key=at_key)
        elif field not in settings.map:
            message = f"the stream {stream} maps nothing to the field '{field}'"
            yield Problem(path, message, at_key=at_key)
        elif expected is not None and fields[field] is not expected:
            message = f"the field '{field}' of {stream} is {fields[field]}, not {expected}"
            yield Problem(path, message, at_key=at_key)
