"""The reference page of the SQL views, written from their declarations."""

from monitor.store.view_list import VIEWS
from monitor.store.views import View

_INTRODUCTION = """\
# SQL views

For table panels in Grafana, for BI tools and for people who ask in SQL. The tables of the store
change from version to version; these views keep their names, columns and meanings: columns may be
added, none is renamed or taken away without a word in the changelog. Written from
`monitor/store/view_list.py`; they are made anew whenever the store is brought up to date.

They only read. Give other tools a role that may do no more:
[Ask the store in SQL](../how-to/ask-the-store-in-sql.md).

| what a column holds | on PostgreSQL | on SQLite |
| --- | --- | --- |
| text | `text` | text |
| whole number | `integer` or `bigint` | integer |
| money | `numeric`, exact | floating number: SQLite has no exact ones, so add up elsewhere |
| seconds | `double precision` or `numeric` | floating number |
| truth value | `boolean` | 0 or 1 |
| instant | `timestamptz` | ISO 8601 text in UTC, to the microsecond |
"""


def view_reference() -> str:
    """The page in Markdown."""
    return "\n".join([_INTRODUCTION, *map(_section, VIEWS)])


def _section(view: View) -> str:
    rows = "\n".join(f"| `{each.name}` | {each.kind} | {each.meaning} |" for each in view.columns)
    head = "| column | holds | meaning |\n| --- | --- | --- |"
    return f"## `{view.full_name}`\n\n{view.meaning}\n\n{head}\n{rows}\n"
