"""Whether what a plan rests on can be believed: sources that see, that are whole, and clocks."""

from collections.abc import Iterator

from monitor.core.corrections import Guard, Plan, Refusal
from monitor.correcting.situation import Situation


def blind_source(_plan: Plan, situation: Situation) -> Iterator[Refusal]:
    """Unknown is not missing: what cannot be seen is not repaired."""
    for stream, why in sorted(situation.blind.items()):
        yield Refusal(Guard.BLIND_SOURCE, f"{stream} cannot be seen: {why.value.replace('_', ' ')}")


def empty_source(_plan: Plan, situation: Situation) -> Iterator[Refusal]:
    """A source that shows nothing is more likely ill than empty."""
    for stream, population in sorted(situation.populations.items()):
        if not population.records:
            yield Refusal(Guard.EMPTY_SOURCE, f"{stream} shows no record at all")


def shrunken_source(_plan: Plan, situation: Situation) -> Iterator[Refusal]:
    """Nor is one believed that lost much of what it had."""
    for stream, population in sorted(situation.populations.items()):
        lost = population.usual - population.records
        if population.records and lost > situation.settings.shrunken * population.usual:
            yield Refusal(
                Guard.SHRUNKEN_SOURCE,
                f"{stream} shows {population.records:,} records where {population.usual:,} are"
                f" usual; a loss of {situation.settings.shrunken:.0%} is the most that is believed",
            )


def clock(_plan: Plan, situation: Situation) -> Iterator[Refusal]:
    """Windows, periods and deadlines mean nothing while our clock, or a source's, is wrong."""
    margin = situation.settings.clock
    for system, ahead in sorted(situation.clocks.items()):
        if abs(ahead) > margin:
            word = "ahead of" if ahead > -ahead else "behind"
            yield Refusal(
                Guard.CLOCK, f"the clock of {system} is {abs(ahead)} {word} ours; one is wrong"
            )
    if situation.newest is not None and situation.newest > situation.now + margin:
        behind = situation.newest - situation.now
        yield Refusal(
            Guard.CLOCK, f"our clock went back: the store knows an instant {behind} later"
        )
