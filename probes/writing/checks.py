"""Whether a stream can be written as the landscape says, asked before anything is read."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from itertools import combinations

from monitor.core.entities import EntityFields
from monitor.core.model import FieldType, Value
from monitor.core.plugins import Misfit
from monitor.core.streams import FieldMapping, StreamSettings
from probes.engine import checks, values
from probes.engine.checks import as_field_mapping
from probes.writing.form import steps_of, words_of
from probes.writing.settings import (
    FieldWriting,
    WritableStream,
    WritingSettings,
    placeholders_in,
)


def check_stream(
    settings: StreamSettings, entities: Mapping[str, EntityFields]
) -> Sequence[str | Misfit]:
    """One sentence for each thing that does not fit, in reading and then in writing.

    Args:
        settings: the stream's mapping.
        entities: canonical fields by entity name, the landscape's own included.
    """
    problems = checks.check_stream(settings, entities)
    if problems or not isinstance(settings, WritableStream) or settings.writing is None:
        return problems
    return [*check_writing(settings, settings.writing, entities[settings.entity])]


def check_writing(
    stream: WritableStream, writing: WritingSettings, fields: EntityFields
) -> Iterator[Misfit]:
    """What does not fit in how a stream is written; its mapping was found to fit."""
    unmapped = False
    for name in writing.fields:
        for problem in _check_field(stream, writing, name, fields):
            unmapped = True
            yield Misfit(problem, "write", "fields", name)
    for kind, path in writing.keys.items():
        if kind not in {*stream.defines, *stream.refers}:
            hint = suggest(kind, {*stream.defines, *stream.refers})
            yield Misfit(f"the stream has no key '{kind}'{hint}", "write", "keys", kind)
        for problem in _check_path(stream, path):
            yield Misfit(problem, "write", "keys", kind)
    if not unmapped:
        yield from _check_places(stream, writing)
    yield from stream.check_requests()


def _check_field(
    stream: WritableStream, writing: WritingSettings, name: str, fields: EntityFields
) -> Iterator[str]:
    if name not in stream.map:
        yield f"the stream does not map a field '{name}'{suggest(name, stream.map)}"
        return
    mapping, how = as_field_mapping(stream.map[name]), writing.field(name)
    if mapping.source is None:
        yield f"field '{name}' is a constant of the mapping: there is nothing to write it to"
        return
    yield from _check_path(stream, how.to or mapping.source)
    yield from _check_words(name, mapping, how, fields[name])


def _check_words(
    name: str, mapping: FieldMapping, writing: FieldWriting, field_type: FieldType
) -> Iterator[str]:
    """Each canonical word must have one word of the system's that is read as it."""
    read = values.converter(
        field_type, zone=mapping.zone, form=mapping.format, words=mapping.values
    )
    plain = values.converter(field_type, zone=mapping.zone, form=mapping.format, words={})
    meanings: dict[Value, list[str]] = {}
    try:
        for word, meaning in mapping.values.items():
            meanings.setdefault(plain(meaning), []).append(word)
        words_of(mapping, writing, field_type)
        said = {plain(meaning): meaning for meaning in writing.values}
    except values.Misfit as misfit:
        yield f"the words of field '{name}' cannot be written: one {misfit.detail}"
        return
    for value, meaning in said.items():
        word = writing.values[meaning]
        if read(word) != value:
            yield f"'{word}' is not read as '{meaning}', so it cannot be written for it"
    for value, words in meanings.items():
        if len(words) > 1 and value not in said:
            several = " and ".join(f"'{word}'" for word in words)
            meaning = mapping.values[words[0]]
            yield f"{several} both mean '{meaning}': say in 'values' which of them is written"


def _check_path(stream: WritableStream, path: str) -> Iterator[str]:
    try:
        steps = steps_of(path)
    except ValueError as error:
        yield str(error)
        return
    if stream.is_flat and len(steps) > 1:
        yield f"'{path}' is not of the record itself: nothing can be written there"


def _check_places(stream: WritableStream, writing: WritingSettings) -> Iterator[Misfit]:
    """Two fields cannot be written to one place, nor one inside the other."""
    places = {
        name: steps_of(writing.field(name).to or as_field_mapping(stream.map[name]).source or "")
        for name in writing.fields
    }
    for (one, first), (other, second) in combinations(places.items(), 2):
        shorter = min(len(first), len(second))
        if first[:shorter] == second[:shorter]:
            yield Misfit(
                f"fields '{one}' and '{other}' are written to one place", "write", "fields", other
            )


def unknown_placeholders(stream: StreamSettings, texts: object, others: Iterable[str]) -> list[str]:
    """Names in braces for which nothing stands.

    Args:
        stream: whose key kinds are known.
        texts: whatever holds placeholders.
        others: names that are known beside the key kinds.
    """
    known = {*stream.defines, *stream.refers, *others}
    return [name for name in placeholders_in(texts) if name not in known]


def suggest(word: str, known: Iterable[str]) -> str:
    """The known word that was probably meant, as the end of a sentence."""
    close = get_close_matches(word, list(known), n=1)
    return f"; did you mean '{close[0]}'?" if close else ""
