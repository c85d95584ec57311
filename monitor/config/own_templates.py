"""Templates of a firm's own, read from the folder that a landscape names."""

from pathlib import Path

from monitor.config.document import Tree
from monitor.config.issues import KeyPath, Problem
from monitor.core.wording import MAX_TEMPLATE, Slot

FILES = {
    Slot.TITLE: "title.txt.j2",
    Slot.TEXT: "text.txt.j2",
    Slot.SLACK: "slack.mrkdwn.j2",
}
FOLDER: KeyPath = ("incidents", "templates", "folder")


def with_templates_of_folder(tree: Tree, folder: Path) -> tuple[Tree, list[Problem]]:
    """The landscape's values with the templates of its folder in the place of its own.

    What is no well-formed section is left as it is, for the validation to say so.

    Args:
        tree: every reference followed.
        folder: of the landscape.

    Returns:
        The tree, and what keeps the templates from being read.
    """
    match tree:
        case {"incidents": {"templates": {"folder": str(name), **others}, **besides}}:
            pass
        case _:
            return tree, []
    found: dict[str, Tree] = {}
    sentences = []
    for slot, file in FILES.items():
        path = folder / name / file
        try:
            if path.exists():
                found[slot.value] = path.read_text("utf-8-sig")[: MAX_TEMPLATE + 1]
        except (OSError, UnicodeDecodeError) as error:
            said = "it is not UTF-8 text" if isinstance(error, ValueError) else error.strerror
            sentences.append(f"{file} cannot be read: {said}")
    if not found and not sentences:
        sentences.append(f"the folder {name} holds none of {', '.join(FILES.values())}")
    templates: Tree = {"folder": name, **others, **found}
    problems = [Problem(FOLDER, sentence) for sentence in sentences]
    return {**tree, "incidents": {**besides, "templates": templates}}, problems
