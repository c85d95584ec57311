"""Groups of records that mean one thing, and names for them that last."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

Pair = tuple[str, str]


def gather(links: Iterable[tuple[float, str, str]], apart: Collection[Pair]) -> list[list[str]]:
    """Groups of linked records, the strongest links first.

    A link is left out where it would bring a pair together that a person keeps apart, so that a
    decision cuts a group at its weakest place.

    Args:
        links: weight and the two records; their order does not matter.
        apart: pairs that must never be in one group.

    Returns:
        Groups of two and more, each in order, the groups in order.
    """
    groups: dict[str, set[str]] = {}
    foes: defaultdict[str, set[str]] = defaultdict(set)
    for left, right in apart:
        foes[left].add(right)
        foes[right].add(left)
    for _, left, right in sorted(links, key=lambda link: (-link[0], link[1], link[2])):
        one, other = groups.get(left, {left}), groups.get(right, {right})
        if one is other or any(foes[each] & other for each in one if each in foes):
            continue
        joined = one | other
        groups |= dict.fromkeys(joined, joined)
    unique = {id(group): group for group in groups.values()}
    return sorted(sorted(group) for group in unique.values())


def name_clusters(
    groups: Iterable[Collection[str]],
    before: Mapping[str, str],
    ages: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """By record, the name of its group; a name lasts as long as its group can be known again.

    A group keeps the name that most of its records had, of two the older one; of two groups that
    claim a name the one with more of its records has it. A new group is named after its oldest
    record.

    Args:
        groups: disjoint groups.
        before: by record, the name of its group until now.
        ages: by record, a text that sorts by age; records without one sort by their own name.
    """
    age = ages or {}

    def oldest(record: str) -> tuple[str, str]:
        return age.get(record, record), record

    claims = []
    listed = [sorted(group, key=oldest) for group in groups]
    for number, group in enumerate(listed):
        held: defaultdict[str, int] = defaultdict(int)
        for record in group:
            if record in before:
                held[before[record]] += 1
        claims += [(-count, oldest(name), number, name) for name, count in held.items()]
    named: dict[int, str] = {}
    taken: set[str] = set()
    by_group: defaultdict[int, list[tuple[tuple[str, str], int, str]]] = defaultdict(list)
    for count, years, number, name in claims:
        by_group[number].append((years, count, name))
    for _, years, number, name in sorted(claims, key=lambda claim: (claim[0], claim[2], claim[1])):
        elder = min(by_group[number])
        if name not in taken and number not in named and (years == elder[0] or elder[2] in taken):
            named[number] = name
            taken.add(name)
    result: dict[str, str] = {}
    for number, group in enumerate(listed):
        own = named.get(number)
        if own is None:
            own = next((each for each in group if each not in taken), group[0])
            taken.add(own)
        result |= dict.fromkeys(group, own)
    return result
