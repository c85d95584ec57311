"""Groups of records that mean one thing, and names for them that last."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

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

    Where a group was split, the part with the most of its records keeps the name, of equal parts
    the one with the oldest record. Where groups were merged, the oldest name stays. A new group is
    named after its oldest record. No two groups have one name.

    Args:
        groups: disjoint groups.
        before: by record, the name of its group until now; a name is that of a record.
        ages: by record, a text that sorts by age; records without one sort by their own name.
    """
    age = ages or {}

    def oldest(record: str) -> tuple[str, str]:
        return age.get(record, record), record

    listed = sorted(
        (sorted(group, key=oldest) for group in groups), key=lambda each: oldest(each[0])
    )
    held = [Counter(before[each] for each in group if each in before) for group in listed]
    heirs: dict[str, int] = {}
    for number, names in enumerate(held):
        for name, count in names.items():
            if name not in heirs or count > held[heirs[name]][name]:
                heirs[name] = number
    kept = [
        min((name for name in held[number] if heirs[name] == number), key=oldest, default=None)
        for number in range(len(listed))
    ]
    taken = {name for name in kept if name is not None}
    named: dict[str, str] = {}
    for group, lasting in zip(listed, kept, strict=True):
        name = lasting or _new_name(group, taken)
        taken.add(name)
        named |= dict.fromkeys(group, name)
    return named


def _new_name(group: Sequence[str], taken: Collection[str]) -> str:
    name = next((each for each in group if each not in taken), group[0])
    while name in taken:  # Each of its records gave its name to a group that it has left.
        name += "'"
    return name
