"""Brings names, places and identifiers into the one form in which they are compared."""

from typing import Final

import polars as pl

TEXTS: Final = (
    "name", "street", "city", "postcode", "tax", "domain", "phone", "customer", "start",
)  # fmt: skip
"""What records may be compared by; what a source has not is empty."""

COMPARED: Final = (*TEXTS, "legal")
"""What is compared of a record in normal form."""

_LONG_FORMS: Final = {
    "ltd liability co": "llc",
    "limited liability company": "llc",
    "limited liability partnership": "llp",
    "public limited company": "plc",
    "gesellschaft mit beschrankter haftung": "gmbh",
    "gesellschaft mbh": "gmbh",
    "besloten vennootschap": "bv",
    "aktiengesellschaft": "ag",
    "societe anonyme": "sa",
    "incorporated": "inc",
    "corporation": "corp",
    "limited": "ltd",
    "company": "co",
}
"""Legal forms written out, as folded text has them."""

LEGAL_FORMS: Final = (
    "gmbh co kg", "gmbh", "kgaa", "kg", "ohg", "ug", "ag", "se", "sarl", "sasu", "sas", "sa",
    "srl", "spa", "bv", "nv", "vof", "llc", "llp", "plc", "ltd", "pty", "inc", "corp", "co",
    "oy", "ab", "as", "aps",
)  # fmt: skip
"""Short legal forms, as folded text has them; a compound stands before its parts."""

_ABBREVIATIONS: Final = {
    "systems": "sys", "transport": "transp", "international": "intl", "technologies": "tech",
    "technology": "tech", "services": "svcs", "solutions": "sol", "engineering": "eng",
    "management": "mgmt", "industries": "ind", "manufacturing": "mfg", "group": "grp",
    "consulting": "cons", "logistics": "log", "construction": "constr", "holdings": "hldgs",
    "associates": "assoc", "laboratories": "labs", "electronics": "elec", "brothers": "bros",
}  # fmt: skip
_STREET_WORDS: Final = {
    "strasse": "str", "street": "st", "road": "rd", "avenue": "av", "ave": "av", "rue": "r",
    "drive": "dr", "lane": "ln", "boulevard": "bd", "blvd": "bd", "chemin": "ch",
    "platz": "pl", "place": "pl", "square": "sq", "court": "ct",
}  # fmt: skip

_SPELLED_OUT: Final = {"ß": "ss", "ø": "o", "æ": "ae", "'": "", "\u2019": "", ".": ""}
"""What does not fall apart into a letter and its mark, and what stands inside words."""

_JOINING: Final = r"\b(?:and|und|et|en|the)\b"


def normalise(records: pl.DataFrame) -> pl.DataFrame:
    """The columns that records are compared by, one row a record.

    Accents, case, punctuation and the order of a name's words do not matter; `ö` is what `oe` and
    `o` are. Legal forms stand apart from the name, because firms of one name that differ in
    nothing else are often two companies of one family.

    Args:
        records: `id` (unique texts) and any of `TEXTS`; texts, null where not known. A `start`
            begins with a date as ISO 8601 writes it.

    Returns:
        `id`, each of `TEXTS` normalised and null where empty, and `legal`.
    """
    known = records.select(
        "id",
        *(
            pl.col(name).cast(pl.String)
            if name in records.columns
            else pl.lit(None, pl.String).alias(name)
            for name in TEXTS
        ),
    )
    named = known.with_columns(fold(pl.col("name", "street", "city", "customer"))).with_columns(
        _with_short_forms(pl.col("name")), _with_short_forms(pl.col("customer"))
    )
    return (
        named.with_columns(legal=_legal_form(pl.col("name")), name=_without_legal(pl.col("name")))
        .with_columns(
            name=_in_order(pl.col("name"), _ABBREVIATIONS),
            street=_in_order(pl.col("street").str.replace_all(r"strasse\b", "str"), _STREET_WORDS),
            postcode=_compact(pl.col("postcode")),
            tax=_compact(pl.col("tax")),
            phone=pl.col("phone").str.replace_all(r"[^0-9]", "").str.strip_chars_start("0"),
            domain=pl.col("domain")
            .str.to_lowercase()
            .str.replace(r"^(?:https?://)?(?:www\.)?", "")
            .str.replace(r"[/?#:].*$", ""),
            customer=_in_order(_without_legal(pl.col("customer")), _ABBREVIATIONS),
            start=pl.col("start").str.slice(0, 10),
        )
        .with_columns(
            pl.when(pl.col(name).str.len_bytes() > 0).then(pl.col(name)).alias(name)
            for name in COMPARED
        )
    )


def fold(text: pl.Expr) -> pl.Expr:
    """Lower case without accents and punctuation; words stand apart by one blank."""
    return (
        text.str.to_lowercase()
        .str.replace_many(_SPELLED_OUT)
        .str.normalize("NFKD")
        .str.replace_all(r"\p{M}", "")
        .str.replace_many({"ae": "a", "oe": "o", "ue": "u"})
        .str.replace_all(_JOINING, " ")
        .str.replace_all(r"[^\p{L}\p{N}]+", " ")
        .str.strip_chars()
    )


_LEGAL_END: Final = r" (?:" + "|".join(LEGAL_FORMS) + r")$"


def _legal_form(name: pl.Expr) -> pl.Expr:
    return name.str.extract(f"({_LEGAL_END})").str.strip_chars()


def _without_legal(name: pl.Expr) -> pl.Expr:
    return name.str.replace(_LEGAL_END, "")


def _with_short_forms(name: pl.Expr) -> pl.Expr:
    """The name with a legal form at its end that is not written out."""
    forms = {f" {long}\n": f" {short}\n" for long, short in _LONG_FORMS.items()}
    ended = pl.concat_str(name, pl.lit("\n"))
    return ended.str.replace_many(forms, leftmost=True).str.strip_chars_end("\n")


def _in_order(text: pl.Expr, short: dict[str, str]) -> pl.Expr:
    """The words in their short forms, by the alphabet."""
    return text.str.split(" ").list.eval(pl.element().replace(short).sort()).list.join(" ")


def _compact(text: pl.Expr) -> pl.Expr:
    return text.str.to_uppercase().str.replace_all(r"[^A-Z0-9]", "")
