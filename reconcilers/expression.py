"""A query of the firm's own: each row that it answers is a break.

The query is one SELECT in the SQL of Polars over the records of a transaction. Each stream is a
table of its own name, `system.stream`, put in double quotes where it has a hyphen
(`psa."change-order"`). A table has one row a record with the columns `transaction`, `record_id`,
`modified_at` and `observed_at`, then the fields of its entity. Decimals stay exact: write numbers
with a point (`0.19`), and no exponent.

The answer has one row a break, with these columns:

- `transaction`: whose break it is; required.
- `record_id`: the record at fault.
- `field`: the field at fault.
- `expected`, `actual`: the values to show; no floats.
- `value_at_risk`: money, a decimal or a whole number; without it the transaction's money is shown.
- `currency`: of that money.
- `since`: when it went wrong, an instant.
- `due`: an instant until which it is no break yet; the transaction is looked at again then.

Rows that agree in transaction, record and field are one break.

A query is about one transaction at a time, although it sees several at once: join tables on
`transaction`, group and rank within it. When the landscape is read, the query is tried on empty
tables and on made-up records. It is refused if a table or field is unknown, if types clash, if it
divides by a zero that `NULLIF` does not catch, if it reads a file or the clock, or if what it says
of one transaction depends on another. For the time that may pass use `due`.
"""

from typing import Literal

from pydantic import Field

from monitor.core.flows import RuleSettings, StreamName
from monitor.core.plugins import Misfit, RuleContext
from reconcilers.names import find_stream
from reconcilers.own_rule import OwnRule, build_own_rule
from reconcilers.query import Query

EXAMPLE = """
discount-without-approval:
  check: expression
  stream: cpq.quote
  query: >
    SELECT q.transaction, q.record_id, 'amount' AS field,
           o.amount AS expected, q.amount AS actual,
           o.amount - q.amount AS value_at_risk, q.currency, q.accepted_at AS since
    FROM cpq.quote AS q
    JOIN crm.opportunity AS o ON o.transaction = q.transaction
    WHERE q.status = 'accepted' AND q.amount < 0.8 * o.amount AND q.currency = o.currency
"""


class ExpressionSettings(RuleSettings):
    """A query of the firm's own answers nothing."""

    check: Literal["expression"]
    stream: StreamName
    """The stream at fault: its system holds the breaks."""
    query: str = Field(min_length=1, max_length=20_000)
    """One SELECT in the SQL of Polars; each row that it answers is a break."""


def build(name: str, settings: ExpressionSettings, context: RuleContext) -> OwnRule:
    """A rule from its settings.

    Raises:
        ValueError: the stream is unknown.
        Misfit: the query is none that can be asked.
    """
    accused = find_stream(context, settings.stream)
    try:
        query = Query.read(settings.query, context.fields)
        return build_own_rule(name, settings, context, accused, query.streams, query.ask)
    except ValueError as error:
        raise Misfit(str(error), "query") from error
