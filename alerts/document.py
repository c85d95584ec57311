"""A notice as a JSON document, for machines that receive it."""

from dataclasses import fields

import msgspec

from alerts.escaping import keep_text
from alerts.facts import facts_of
from alerts.render import Target, render
from monitor.core.model import encode_value
from monitor.core.notices import Notice

VERSION = 1
"""Grows when a field leaves or changes its meaning; new fields may come without."""


def document_of(notice: Notice) -> bytes:
    """The document: every attribute of the notice by name, and `text` to show to people.

    Money is text with all its digits, instants are ISO 8601 in UTC, what is not known is null.
    Values longer than 4,000 characters are cut.
    """
    document: dict[str, str | int | bool | None] = {"version": VERSION}
    for attribute in fields(notice):
        value = encode_value(getattr(notice, attribute.name))
        document[attribute.name] = keep_text(value) if isinstance(value, str) else value
    facts = {"notice": notice, "facts": facts_of(notice)}
    document["text"] = render("message.txt.j2", Target.PLAIN, facts)
    return msgspec.json.encode(document)
