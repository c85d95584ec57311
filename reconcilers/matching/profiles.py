"""Profiles: records that say the same, compared once for all of them.

An ERP copies its customers from the CRM, so most records of an estate have a twin. There is nothing
to find out by comparing each twin with the same strangers.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from reconcilers.matching.normalise import COMPARED, TEXTS, normalise


@dataclass(frozen=True, slots=True, eq=False)
class Profiles:
    """What records say.

    Attributes:
        forms: what is said, in normal form, each once: `COMPARED`, and of how many records as
            `copies`.
        members: every record: `id`, the `row` of its form, and a hash of how it is spelled as
            `spelled`.
    """

    forms: pl.DataFrame
    members: pl.DataFrame


def take_profiles(records: pl.DataFrame) -> Profiles:
    """What records say in normal form.

    Args:
        records: `id` (unique texts) and any of `TEXTS`; texts, null where not known.
    """
    texts = records.with_columns(spelled=_spelling(records.columns))
    # Most twins are spelled alike, and to normalise is what takes time.
    spellings = texts.unique("spelled", maintain_order=True)
    normal = normalise(spellings).with_columns(form=_as_one(COMPARED))
    forms = normal.unique("form", maintain_order=True).with_row_index("row")
    rows = pl.DataFrame({"spelled": spellings["spelled"], "form": normal["form"]}).join(
        forms.select("form", "row"), on="form"
    )
    members = texts.select("id", "spelled").join(rows, on="spelled", maintain_order="left")
    copies = members.group_by("row").agg(copies=pl.len())
    return Profiles(
        forms.join(copies, on="row", maintain_order="left").select(*COMPARED, "copies"),
        members.select("id", "row", pl.col("spelled").hash()),
    )


def spellings_of(records: pl.DataFrame) -> pl.DataFrame:
    """How each record is spelled: `id`, and a hash as `spelled`."""
    return records.select("id", spelled=_spelling(records.columns).hash())


def _spelling(columns: Iterable[str]) -> pl.Expr:
    given = set(columns)
    return _as_one([name for name in TEXTS if name in given])


def _as_one(columns: Iterable[str]) -> pl.Expr:
    """The columns as one text; what is not known is as good as empty."""
    return pl.concat_str([pl.col(name).fill_null("") for name in columns], separator="\x1f")
