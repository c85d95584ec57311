"""Exchange rates of a landscape: the rows of their file, and whether they contradict."""

import csv
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path

from pydantic import ValidationError

from monitor.config.document import Tree
from monitor.config.issues import Problem
from monitor.core.rates import RateSettings

COLUMNS = ("base", "quote", "date", "rate")

MOST_RATES = 1_000_000
"""More than thirty currencies over thirty years, each against the others of one firm."""


def with_rates_of_file(tree: Tree, folder: Path) -> tuple[Tree, list[Problem]]:
    """The landscape's values with the rates of its file beside those of its table.

    What is no well-formed section is left as it is, for the validation to say so.

    Args:
        tree: every reference followed.
        folder: of the landscape.

    Returns:
        The tree, and each line of the file that says no rate.
    """
    match tree:
        case {"rates": {"file": str(name), **others}}:
            table = others.get("table", [])
        case _:
            return tree, []
    rows: list[Tree] = []
    sentences: list[str] = []
    try:
        with (folder / name).open(encoding="utf-8-sig", newline="") as file:
            rows.extend(
                each.model_dump(mode="json", by_alias=True) for each in _read(file, sentences)
            )
    except UnicodeDecodeError:
        sentences.append("it is not UTF-8 text")
    except (OSError, ValueError, csv.Error) as error:
        sentences.append(getattr(error, "strerror", None) or str(error))
    if sentences or not isinstance(table, list):
        path = ("rates", "file")
        return tree, [Problem(path, f"the file {name}: {sentence}") for sentence in sentences]
    return {**tree, "rates": {"file": name, **others, "table": [*table, *rows]}}, []


def repeated_rates(rates: Iterable[RateSettings]) -> Iterator[str]:
    """A sentence for each day on which a pair has two rates."""
    seen: dict[tuple[str, str, date], RateSettings] = {}
    for each in rates:
        first = seen.setdefault((each.base, each.quote, each.on), each)
        if first is not each:
            yield f"one {each.base} has two rates in {each.quote} from {each.on} on"


def _read(lines: Iterable[str], sentences: list[str]) -> Iterator[RateSettings]:
    """Rates line by line; what is wrong with a line is added to the sentences."""
    reader = csv.DictReader(lines, strict=True)
    if sorted(reader.fieldnames or ()) != sorted(COLUMNS):
        raise ValueError(f"its first line must name the columns {', '.join(COLUMNS)}")
    for count, row in enumerate(reader):
        if count >= MOST_RATES:
            raise ValueError(f"it has more than {MOST_RATES:,} rates")
        if None in row or None in row.values():
            sentences.append(f"line {reader.line_num}: it does not have {len(COLUMNS)} values")
            continue
        try:
            yield _rate(row)
        except ValidationError as error:
            fault = error.errors(include_url=False, include_input=False)[0]
            place = "".join(f" {each}:" for each in fault["loc"])
            sentences.append(
                f"line {reader.line_num}:{place} {fault['msg'].removeprefix('Value error, ')}"
            )


def _rate(row: Mapping[str, str]) -> RateSettings:
    stripped = {key: value.strip() for key, value in row.items()}
    return RateSettings.model_validate_strings(stripped)
