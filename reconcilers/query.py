"""A query that a firm wrote: which tables it asks, what it may not do, what is wrong with it."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import polars as pl
from polars.exceptions import PanicException, PolarsError

from monitor.core.entities import EntityFields
from monitor.core.model import StreamId
from reconcilers.names import unknown
from reconcilers.trial import PROVENANCE, Tables

_LEXEMES = re.compile(
    r"""--[^\n]*|/\*.*?\*/                            # comments
      |'(?:[^']|'')*'                                 # a text
      |"(?P<quoted>[^"]*)"|`(?P<ticked>[^`]*)`        # a name in quotes
      |(?P<word>[A-Za-z_][\w$]*|[.(])""",
    re.VERBOSE | re.DOTALL,
)
_FILES = re.compile(r"\b(?:read|scan|sink|write)_\w+", re.IGNORECASE)
"""Table functions of Polars that open files; looked for everywhere, whatever stands around."""
_CLOCK = frozenset({"current_date", "current_time", "current_timestamp", "localtime",
                    "localtimestamp"})  # fmt: skip
_CLOCK_CALLS = frozenset({"now"})
_CUTS = frozenset({"limit", "offset", "fetch"})
_BEGINNINGS = frozenset({"select", "with"})
_AS_TEXT: Mapping[str, str] = {"cast": ".strict_cast(String)", "try_cast": ".cast(String)"}
"""Word of the language to what a plan says of it."""


@dataclass(frozen=True, slots=True)
class Query:
    """A query that may be asked.

    Attributes:
        text: as written.
        words: what it is made of, names in quotes, texts and comments left out.
        streams: whose tables it asks.
        known: canonical fields of every stream that there is.
    """

    text: str
    words: frozenset[str]
    streams: frozenset[StreamId]
    known: Mapping[StreamId, EntityFields]

    @classmethod
    def read(cls, text: str, known: Mapping[StreamId, EntityFields]) -> "Query":
        """The query, if it does nothing but ask.

        Raises:
            ValueError: it is no SELECT, or reads a file or the clock.
        """
        lexemes = list(_lexemes(text))
        words = [word.lower() for word, is_quoted in lexemes if not is_quoted]
        _refuse_effects(text, words, {name for fields in known.values() for name in fields})
        names = [name.lower() for name, _ in lexemes]
        return cls(text, frozenset(words), frozenset(_streams(names, known)), known)

    def ask(self, tables: Tables) -> pl.DataFrame:
        """The answer over these tables.

        Raises:
            ValueError: with what Polars says of the query, in one sentence.
        """
        try:
            with pl.SQLContext(tables, register_globals=False) as context:
                plan = context.execute(self.text)
                _refuse_clash(plan, self.words)
                return plan.collect()
        except (PolarsError, PanicException) as error:
            raise ValueError(self._sentence(str(error))) from error

    def _sentence(self, message: str) -> str:
        """The first line of what Polars says, with a likeness where a name is unknown."""
        if found := re.match(r"relation '(.+?)' was not found", message):
            return unknown("table", found[1], list(map(str, self.known)))
        if found := re.search(r"(?:no column named '|unable to find column \")(\w+)", message):
            columns = {name for stream in self.streams for name in self.known[stream]}
            return unknown("column", found[1], columns | PROVENANCE.keys())
        return "the query cannot be asked: " + message.partition("\n")[0].partition(": [")[0]


def _lexemes(text: str) -> Iterator[tuple[str, bool]]:
    """Names, `.` and `(` in order, and whether in quotes; texts and comments left out."""
    for lexeme in _LEXEMES.finditer(text):
        if lexeme.lastgroup is not None:
            yield lexeme[lexeme.lastgroup], lexeme.lastgroup != "word"


def _refuse_effects(text: str, words: Sequence[str], fields: Collection[str]) -> None:
    if not words or words[0] not in _BEGINNINGS:
        raise ValueError("the query must be one SELECT")
    for name in _FILES.findall(text):
        if name not in fields:
            raise ValueError(f"'{name}' reaches for files; a query sees the tables of streams only")
    for word, following in zip(words, [*words[1:], ""], strict=True):
        if word in _CLOCK or (word in _CLOCK_CALLS and following == "("):
            raise ValueError(f"'{word}' reads the clock; answer the column 'due' instead")
        if word in _CUTS:
            raise ValueError(f"'{word}' cuts across transactions; rank within them instead")


def _streams(names: Sequence[str], known: Mapping[StreamId, EntityFields]) -> Iterator[StreamId]:
    """The streams that the query may ask: names with a dot between, or in one pair of quotes."""
    by_name = {str(stream): stream for stream in known}
    pairs = (
        f"{one}.{other}"
        for one, dot, other in zip(names, names[1:], names[2:], strict=False)
        if dot == "."
    )
    for name in (*names, *pairs):
        if stream := by_name.get(name):
            yield stream


def _refuse_clash(plan: pl.LazyFrame, words: Collection[str]) -> None:
    """Polars compares a number with a text by turning it into text, unasked."""
    explained = plan.explain()
    unasked = [as_text for word, as_text in _AS_TEXT.items() if word not in words]
    if any(as_text in explained for as_text in unasked):
        raise ValueError("a number, a truth value or an instant meets a text; write a CAST")
