"""Rules of a firm's own: tables to ask, and what an answer must look like.

The tables are named as their streams, `system.stream`. Each has one row a record with the columns
`transaction`, `record_id`, `modified_at` and `observed_at`, then the fields of its entity.

An answer has one row a break:

- `transaction`: whose break it is; required.
- `record_id`: the record at fault; text or a whole number.
- `field`: the field at fault; text.
- `expected`, `actual`: the values to show, of any type but a float.
- `value_at_risk`: money; a decimal or a whole number. Without it the transaction's money is shown.
- `currency`: of that money; text.
- `since`: when it went wrong; an instant.
- `due`: an instant until which it is no break yet. The transaction is looked at again then.

Rows that agree in transaction, record and field are one break. Instants are in UTC.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from monitor.core.breaks import BreakKind
from monitor.core.entities import EntityFields
from monitor.core.errors import Permanent, Reason
from monitor.core.flows import RuleSettings
from monitor.core.model import StreamId
from monitor.core.plugins import RuleContext
from monitor.core.ports import INSTANT, MONEY, Scope, Verdict
from monitor.core.screens import EVERY_ROW
from reconcilers.conditions import select_rows
from reconcilers.names import unknown
from reconcilers.reporter import Reporter, as_text, awaited
from reconcilers.silence import seen_until
from reconcilers.trial import PROVENANCE, Ask, made_up_tables, mixed

_TEXT = pl.String()
_ANSWER: Mapping[str, str] = {
    "transaction": "text",
    "record_id": "text or a whole number",
    "field": "text",
    "expected": "no float and no list",
    "actual": "no float and no list",
    "value_at_risk": "a decimal or a whole number",
    "currency": "text",
    "since": "an instant in UTC",
    "due": "an instant in UTC",
}
"""The columns of an answer, and what each must be."""

_PLACE = ["_transaction", "record_id", "field"]


def build_own_rule(
    name: str,
    settings: RuleSettings,
    context: RuleContext,
    accused: StreamId,
    streams: frozenset[StreamId],
    ask: Ask,
) -> "OwnRule":
    """The rule, once it has answered about made-up transactions as it has to.

    Args:
        name: as the landscape calls it.
        settings: what every rule declares.
        context: the flow.
        accused: the stream against which breaks are found.
        streams: whose tables are asked, beside that one.
        ask: the firm's own: tables to answer; may raise whatever it likes.

    Raises:
        ValueError: it failed, its answer has other columns or types, or what it says of one
            transaction depends on another.
    """
    needs = streams | {accused}
    for stream in sorted(needs, key=str):
        if taken := PROVENANCE.keys() & context.fields[stream].keys():
            raise ValueError(f"{stream} has a field of its own called '{min(taken)}'; rename it")
    fields = {str(stream): _mapped(context, stream) for stream in needs}
    check_columns(ask(made_up_tables(fields, {})).schema)
    if mixed(lambda tables: _accused(ask(tables)), fields, settings.model_dump_json()):
        raise ValueError(
            "what it says of one transaction depends on others or on the order of rows; "
            "join the tables on transaction, and group and rank within it"
        )
    reporter = Reporter.create(name, settings, context, accused, hop="")
    return OwnRule(name, needs, fields, ask, reporter)


def check_columns(schema: pl.Schema) -> None:
    """Whether an answer has the columns and types that it can have.

    Raises:
        ValueError: it has not.
    """
    if "transaction" not in schema:
        raise ValueError("the answer lacks the column 'transaction'")
    for column, dtype in schema.items():
        if column not in _ANSWER:
            raise ValueError(unknown("column of an answer", column, _ANSWER))
        if not _fits(column, dtype):
            raise ValueError(f"the column '{column}' of the answer must be {_ANSWER[column]}")


def _fits(column: str, dtype: pl.DataType) -> bool:
    match column:
        case "record_id":
            return dtype == _TEXT or dtype.is_integer() or dtype == pl.Null()
        case "expected" | "actual":
            return not (dtype.is_float() or dtype.is_nested())
        case "value_at_risk":
            return dtype.is_decimal() or dtype.is_integer() or dtype == pl.Null()
        case "since" | "due":
            return dtype in (INSTANT, pl.Null())
        case _:
            return dtype in (_TEXT, pl.Null())


def _accused(answer: pl.DataFrame) -> pl.DataFrame:
    """The answer in a reporter's words, each break once, whatever the order of the rows."""
    said: dict[str, pl.Expr] = {}
    for column, dtype in answer.schema.items():
        if column in ("expected", "actual", "record_id"):
            said[column] = as_text(answer, column).cast(pl.String)
        elif column == "value_at_risk":
            said[column] = pl.col(column).cast(MONEY)
        elif column != "transaction":
            said[column] = pl.col(column).cast(INSTANT if dtype.is_temporal() else pl.String)
    place = {name: pl.lit("") for name in ("record_id", "field") if name not in said}
    rows = answer.select(pl.col("transaction").cast(pl.String).alias("_transaction"), **said)
    return (
        rows.drop_nulls("_transaction")
        .with_columns(**place)
        .with_columns(pl.col("record_id", "field").fill_null(""))
        .sort(pl.all(), nulls_last=True)
        .unique(_PLACE, keep="first", maintain_order=True)
    )


@dataclass(frozen=True, slots=True)
class OwnRule:
    """A rule that asks what the firm wrote."""

    name: str
    needs: frozenset[StreamId]
    fields: Mapping[str, EntityFields]
    ask: Ask
    reporter: Reporter

    def evaluate(self, scope: Scope) -> Verdict:
        """One finding for each row of the answer whose time has come.

        Raises:
            Permanent: the firm's own query or function failed.
        """
        tables = {str(stream): self._table(scope, stream) for stream in self.needs}
        try:
            answer = self.ask(tables)
            check_columns(answer.schema)
        except ValueError as error:
            message = f"the rule '{self.name}' failed: {error}"
            raise Permanent(message, reason=Reason.CONFIGURATION) from error
        accused = _accused(answer)
        if "due" not in accused.columns:
            return Verdict(self.reporter.report(scope, accused, BreakKind.CUSTOM))
        known_until = min(seen_until(scope, stream) for stream in self.needs)
        waits = (pl.col("due") > known_until).fill_null(value=False)
        since = pl.coalesce(*(["since"] if "since" in accused.columns else []), "due")
        return Verdict(
            found=self.reporter.report(
                scope,
                accused.filter(~waits).with_columns(since.alias("since")).drop("due"),
                BreakKind.CUSTOM,
            ),
            awaited=awaited(
                accused.filter(waits).select("_transaction", pl.col("due").alias("at")).unique()
            ),
        )

    def _table(self, scope: Scope, stream: StreamId) -> pl.DataFrame:
        """A stream's records as a firm's own rule sees them."""
        rows = select_rows(scope, stream, EVERY_ROW)
        names = {f"_{name}": name for name in PROVENANCE} | {"_record": "record_id"}
        return rows.rename(names, strict=False).select(*PROVENANCE, *self.fields[str(stream)])


def _mapped(context: RuleContext, stream: StreamId) -> EntityFields:
    """The fields that the stream has a source for."""
    fields = context.fields[stream]
    return {name: fields[name] for name in fields if name in context.mapped.get(stream, fields)}
