"""Policy: what one record says follows, by a table, from what others of the deal say.

Legal entity, tax code, cost centre, project code or billing rule are decided once, by a table of
the finance department, and then typed by hand into system after system. The rule reads the given
facts (region, service line, contract terms) from the streams that own them, takes the first row
of the table that they fit, and checks what the row says against another stream of the deal.

Text is compared without regard to case. A value that may be one of several is written as a list.
Facts are those of the deal: a record is judged once there is a record in every stream that
`given` names; whether one is missing is a hand-off's matter.

The table is refused where a row can never be reached, because the rows above take all it could
match, and where two rows give different answers to the same question.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import polars as pl
from pydantic import Field

from monitor.core.breaks import BreakKind
from monitor.core.conditions import words_of
from monitor.core.flows import Condition, RuleSettings, StreamName
from monitor.core.model import StreamId
from monitor.core.plugins import Misfit, RuleContext
from monitor.core.ports import Scope, Verdict
from monitor.core.screens import Aggregate, Fact, Screen
from monitor.core.streams import Name
from reconcilers.conditions import condition, explode_keys, select_rows
from reconcilers.decisions import Row, check_rows
from reconcilers.names import check_key, find_field, find_stream
from reconcilers.reporter import Reporter, as_text

EXAMPLE = """
legal-entity-follows-region:
  check: policy
  given:
    region: crm.opportunity
    service_line: crm.opportunity
    payment_terms: contracts.contract
  stream: erp.project
  where: {status: [active, closed]}
  rows:
    - when: {region: EMEA, service_line: Advisory}
      then: {legal_entity: DE01, cost_centre: [CC-100, CC-110]}
    - when: {region: EMEA, payment_terms: prepaid}
      then: {legal_entity: DE02}
    - when: {region: [EMEA, UK]}
      then: {legal_entity: GB01}
  uncovered: allow
"""


class PolicySettings(RuleSettings):
    """Fields of a stream must follow from other fields of the deal by a table."""

    finds = frozenset({BreakKind.POLICY})
    check: Literal["policy"]
    given: dict[str, StreamName] = Field(min_length=1)
    """The fields that decide, each with the stream that it is read from."""
    stream: StreamName
    """Where what follows is checked."""
    where: Condition = {}
    """Which records of the stream are checked."""
    given_where: dict[StreamName, Condition] = {}
    """By stream, which records the given fields are read from; others count all of theirs."""
    match: Name | None = None
    """Key kind that pairs a given record with a checked one; None: any of the transaction."""
    rows: tuple[Row, ...] = Field(min_length=1)
    """The table; the first row that fits is the answer."""
    uncovered: Literal["report", "allow"] = "report"
    """Whether it is a break that no row fits."""


def build(name: str, settings: PolicySettings, context: RuleContext) -> "Policy":
    """A rule from its settings.

    Raises:
        ValueError: a stream or field is unknown.
        Misfit: records lack the key that pairs them; `when` asks for a field that is not given, or
            nothing asks for one that is; a row can never be reached, or two rows contradict one
            another.
    """
    checked = find_stream(context, settings.stream)
    sources = {field: find_stream(context, text) for field, text in settings.given.items()}
    for field, source in sources.items():
        find_field(context, source, field)
    try:
        check_key(context, settings.match, *dict.fromkeys((checked, *sources.values())))
    except ValueError as error:
        raise Misfit(str(error), "match") from error
    check_rows(settings.rows, settings.given)
    fits = []
    for number, row in enumerate(settings.rows, 1):
        try:
            condition(context, checked, row.then)
            fits.append(_fits(context, sources, row.when))
        except ValueError as error:
            raise Misfit(f"row {number}: {error}", "rows", number - 1) from error
    for stream in settings.given_where:
        if find_stream(context, stream) not in sources.values():
            message = f"'given_where' names {stream}, of which nothing is given"
            raise Misfit(message, "given_where", stream)
    for field in sources:
        if all(field not in row.when for row in settings.rows):
            raise Misfit(f"'{field}' is given, and no row asks for it", "given", field)
    facts = tuple(
        _Facts(
            source,
            tuple(field for field in sources if sources[field] == source),
            condition(context, source, settings.given_where.get(str(source), {})),
        )
        for source in dict.fromkeys(sources.values())
    )
    return Policy(
        name=name,
        settings=settings,
        stream=checked,
        where=condition(context, checked, settings.where),
        facts=facts,
        fits=tuple(fits),
        reporter=Reporter.create(
            name,
            settings,
            context,
            checked,
            hop=f"{', '.join(str(each.stream) for each in facts)} -> {checked}",
        ),
    )


@dataclass(frozen=True, slots=True)
class _Facts:
    """Given fields that are read from one stream."""

    stream: StreamId
    fields: tuple[str, ...]
    where: pl.Expr


def _fits(context: RuleContext, sources: dict[str, StreamId], when: Condition) -> pl.Expr:
    """Whether given fields, whatever stream each is from, fit a row."""
    parts = [condition(context, sources[field], {field: when[field]}) for field in when]
    return pl.all_horizontal(pl.lit(value=True), *parts)


@dataclass(frozen=True, slots=True)
class Policy:
    """The rule that records follow a table.

    Where a deal has several records that give the facts, a checked record must follow from each;
    the first that it contradicts is named.

    Attributes:
        name: in the landscape.
        settings: as configured.
        stream: what is checked.
        where: which of its records.
        facts: what is given.
        fits: for each row of the table, whether the given fields fit it.
        reporter: writes the findings.
    """

    name: str
    settings: PolicySettings
    stream: StreamId
    where: pl.Expr
    facts: tuple[_Facts, ...]
    fits: tuple[pl.Expr, ...]
    reporter: Reporter

    @property
    def needs(self) -> frozenset[StreamId]:
        """What is checked, and what it follows from."""
        return frozenset((self.stream, *(each.stream for each in self.facts)))

    def screen(self, now: datetime) -> Screen:
        """Suspicious is who has records to check, and all that they follow from."""
        facts = {"checked": Fact(self.stream, Aggregate.COUNT, where=self.where)}
        for number, given in enumerate(self.facts):
            facts[f"given{number}"] = Fact(given.stream, Aggregate.COUNT, where=given.where)
        return Screen(facts, pl.all_horizontal(pl.col(name) > 0 for name in facts))

    def evaluate(self, scope: Scope) -> Verdict:
        """One finding for each field that does not follow, and each record that no row covers."""
        decided = self._decide(scope)
        accused = [self._departures(decided, field) for field in self._decided_fields()]
        if self.settings.uncovered == "report":
            accused.append(self._uncovered(decided))
        return Verdict(self.reporter.report(scope, pl.concat(accused), BreakKind.POLICY))

    def _decided_fields(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(field for row in self.settings.rows for field in row.then))

    def _decide(self, scope: Scope) -> pl.DataFrame:
        """Checked records, each with the row of the table (`_row`) that its given facts fit."""
        checked = select_rows(scope, self.stream, self.where)
        place = checked.select("_transaction", "_record", "_keys", since="_modified_at")
        for facts in self.facts:
            place = self._give(scope, place, facts)
        row = pl.coalesce(
            *(pl.when(fits).then(index) for index, fits in enumerate(self.fits)), pl.lit(None)
        )
        told = pl.concat_str(
            *(
                pl.format(f"{field} {{}}", as_text(place, field).fill_null("unknown"))
                for field in self.settings.given
            ),
            separator=", ",
        )
        answers = place.select(
            "_transaction", "_record", "since", row.cast(pl.Int32).alias("_row"), told.alias("told")
        )
        return answers.join(checked, on=["_transaction", "_record"], maintain_order="left")

    def _give(self, scope: Scope, place: pl.DataFrame, facts: _Facts) -> pl.DataFrame:
        """The checked records beside each record that gives these facts."""
        rows = select_rows(scope, facts.stream, facts.where)
        on = ["_transaction"]
        if facts.stream == self.stream:
            on.append("_record")
        elif self.settings.match is not None:
            on.append("_key")
            rows = explode_keys(rows, self.settings.match)
            place = explode_keys(place, self.settings.match)
        # Records that say the same are one: what crowds in a transaction costs no pairs.
        given = rows.group_by([*on, *facts.fields], maintain_order=True).agg(
            pl.col("_modified_at").max().alias("given_at")
        )
        return (
            place.join(given, on=on, maintain_order="left_right")
            .with_columns(pl.max_horizontal("since", "given_at").alias("since"))
            .drop("given_at", "_key", strict=False)
            .unique(maintain_order=True)
        )

    def _departures(self, decided: pl.DataFrame, field: str) -> pl.DataFrame:
        answers = [
            (index, words_of(row.then[field]))
            for index, row in enumerate(self.settings.rows)
            if field in row.then
        ]
        table = pl.DataFrame(
            {
                "_row": [index for index, _ in answers],
                "_allowed": [[word.lower() for word in words] for _, words in answers],
                "expected": [" or ".join(words) for _, words in answers],
            },
            schema={"_row": pl.Int32, "_allowed": pl.List(pl.String), "expected": pl.String},
        )
        value = as_text(decided, field)
        follows = value.str.strip_chars().str.to_lowercase().is_in(pl.col("_allowed"))
        return (
            decided.join(table, on="_row", maintain_order="left")
            .filter(~follows.fill_null(value=False))
            .unique(["_transaction", "_record"], keep="first", maintain_order=True)
            .select(
                "_transaction",
                "expected",
                "since",
                record_id="_record",
                field=pl.lit(field),
                actual=value,
            )
        )

    def _uncovered(self, decided: pl.DataFrame) -> pl.DataFrame:
        return (
            decided.filter(pl.col("_row").is_null())
            .unique(["_transaction", "_record"], keep="first", maintain_order=True)
            .select(
                "_transaction",
                "since",
                expected=pl.lit("a row of the table"),
                record_id="_record",
                field=pl.lit(""),
                actual="told",
            )
            .select("_transaction", "expected", "since", "record_id", "field", "actual")
        )
