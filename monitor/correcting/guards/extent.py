"""How much one plan may do, and all of them within a day: corrections, share of the flow, money."""

from collections.abc import Collection, Iterator, Mapping
from decimal import Decimal

from monitor.core.corrections import Correction, Guard, Mode, Plan, Refusal
from monitor.core.policies import LimitSettings
from monitor.correcting.situation import Situation


def count(plan: Plan, situation: Situation) -> Iterator[Refusal]:
    """No more corrections than the limits say."""
    for part in _parts(plan, situation):
        found, most = len(part.corrections), part.limits.corrections
        if found > most:
            yield Refusal(Guard.COUNT, f"{part.what} {found:,} corrections; the limit is {most:,}")


def share(plan: Plan, situation: Situation) -> Iterator[Refusal]:
    """No more of the flow's transactions than the limits say; one alone is never too many."""
    for part in _parts(plan, situation):
        touched = len({each.transaction for each in part.corrections})
        if touched > max(1, part.limits.share * situation.transactions):
            yield Refusal(
                Guard.SHARE,
                f"{part.what} corrections to {touched:,} of {situation.transactions:,} transactions"
                f" of {plan.flow}; the limit is {part.limits.share:.1%}",
            )


def money(plan: Plan, situation: Situation) -> Iterator[Refusal]:
    """No more value at risk than the limits say; what is not known counts as too much."""
    for part in _parts(plan, situation):
        most = part.limits.money
        if most is None:
            continue
        at_stake = part.at_stake(situation.money)
        if at_stake is None:
            unknown = _first_unknown(part.corrections, situation.money)
            yield Refusal(
                Guard.MONEY,
                f"what depends on {unknown.break_id} cannot be stated in the firm's currency, and"
                f" the limit is {most:,f}",
            )
        elif at_stake > most:
            yield Refusal(
                Guard.MONEY, f"{part.what} {at_stake:,f} at stake; the limit is {most:,f}"
            )


def daily(plan: Plan, situation: Situation) -> Iterator[Refusal]:
    """Many small plans do no more within 24 hours than they may together."""
    writes = [each for each in plan.corrections if each.write is not None]
    if not writes:
        return
    spent, settings = situation.spent, situation.settings
    limits = settings.daily.over(settings.limits)
    since = "within 24 hours all plans together would"
    count = spent.corrections + len(writes)
    if count > limits.corrections:
        most = f"the limit is {limits.corrections:,}"
        yield Refusal(Guard.DAILY, f"{since} make {count:,} corrections; {most}")
    touched = len(spent.transactions | {each.transaction for each in writes})
    if touched > max(1, limits.share * situation.transactions):
        yield Refusal(
            Guard.DAILY,
            f"{since} touch {touched:,} of {situation.transactions:,} transactions of {plan.flow};"
            f" the limit is {limits.share:.1%}",
        )
    if limits.money is None:
        return
    at_stake = _Part("", writes, limits).at_stake(situation.money)
    if at_stake is None or spent.money is None:
        yield Refusal(
            Guard.DAILY,
            "what all plans of 24 hours have at stake cannot be stated in the firm's currency, and"
            f" the limit is {limits.money:,f}",
        )
    elif spent.money + at_stake > limits.money:
        yield Refusal(
            Guard.DAILY,
            f"{since} have {spent.money + at_stake:,f} at stake; the limit is {limits.money:,f}",
        )


class _Part:
    """The corrections that one row of limits is for."""

    def __init__(
        self, what: str, corrections: Collection[Correction], limits: LimitSettings
    ) -> None:
        self.what, self.corrections, self.limits = what, corrections, limits

    def at_stake(self, known: Mapping[str, Decimal]) -> Decimal | None:
        """Their money; None where one's is not known."""
        if any(each.fingerprint not in known for each in self.corrections):
            return None
        return sum((known[each.fingerprint] for each in self.corrections), Decimal(0))


def _parts(plan: Plan, situation: Situation) -> Iterator[_Part]:
    """The plan under the landscape's limits; in `auto` also each rule under its own."""
    yield _Part("the plan has", plan.corrections, situation.settings.limits)
    if plan.mode is not Mode.AUTO:
        return
    for rule in sorted({each.rule for each in plan.corrections}):
        policy = situation.policies.get(rule)
        if policy is not None and policy.limits is not None:
            found = [each for each in plan.corrections if each.rule == rule]
            yield _Part(f"by itself {rule} has", found, policy.limits)


def _first_unknown(corrections: Collection[Correction], known: Mapping[str, Decimal]) -> Correction:
    return next(each for each in corrections if each.fingerprint not in known)
