"""Whether controls stand on rules that are there, and are reviewed by people who may."""

from collections.abc import Iterator

from monitor.config.issues import Problem, did_you_mean
from monitor.config.landscape import Landscape
from monitor.core.people import GRANTS, Permission


def check_controls(landscape: Landscape) -> Iterator[Problem]:
    """Everything that a control names and that is not there, or may not do what it should."""
    for name, control in landscape.controls.items():
        path = ("controls", name)
        if control.owner not in landscape.owners:
            hint = did_you_mean(control.owner, landscape.owners)
            yield Problem((*path, "owner"), f"no owner is called '{control.owner}'{hint}")
        flow = landscape.flows.get(control.flow)
        if flow is None:
            hint = did_you_mean(control.flow, landscape.flows)
            yield Problem((*path, "flow"), f"no flow is called '{control.flow}'{hint}")
            continue
        known = [*flow.hand_offs, *flow.rules]
        for place, rule in enumerate(control.rules):
            if rule not in known:
                message = f"'{control.flow}' has no rule or hand-off '{rule}'"
                yield Problem((*path, "rules", place), message + did_you_mean(rule, known))
        for place, person in enumerate(control.reviewers):
            found = landscape.people.get(person)
            if found is None:
                message = f"'{person}' is not among the people"
                yield Problem(
                    (*path, "reviewers", place), message + did_you_mean(person, landscape.people)
                )
            elif not any(Permission.SIGN_OFF in GRANTS[role] for role in found.roles):
                message = f"'{person}' may not sign reports off: give them a role that may"
                yield Problem((*path, "reviewers", place), message)


def rules_without_control(landscape: Landscape) -> list[str]:
    """`flow.rule` of every rule and hand-off that no control stands on, in the file's order."""
    covered = {(each.flow, rule) for each in landscape.controls.values() for rule in each.rules}
    return [
        f"{name}.{rule}"
        for name, flow in landscape.flows.items()
        for rule in (*flow.hand_offs, *flow.rules)
        if (name, rule) not in covered
    ]
