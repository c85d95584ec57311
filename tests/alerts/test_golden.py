"""The messages that people read, word for word. To write them anew:
`python -m tests.alerts.test_golden`.
"""

import json
from pathlib import Path

import pytest

from alerts.blocks import compose_message, compose_reply
from alerts.document import document_of
from alerts.examples import examples
from alerts.incident_text import text_of
from tests.alerts.examples import GREW, RESOLVED, every_message, every_notice

GOLDEN = Path(__file__).parent / "golden"


def messages() -> dict[str, str]:
    """Contents by file name."""
    texts: dict[str, str] = {}
    for name, told in every_notice().items():
        document = json.loads(document_of(told))
        texts[f"{name}.txt"] = document["text"] + "\n"
    shown = {name: compose_message(each) for name, each in every_message().items()}
    shown["thread"] = compose_reply([GREW, RESOLVED])
    for name, message in shown.items():
        slack = {"text": message.text, "blocks": message.blocks}
        texts[f"{name}.slack.json"] = json.dumps(slack, indent=2, ensure_ascii=False) + "\n"
    for name, whole in examples().items():
        texts[f"whole_{name}.txt"] = text_of(whole) + "\n"
    texts["opened_missing.webhook.json"] = (
        json.dumps(json.loads(document_of(every_notice()["opened_missing"])), indent=2) + "\n"
    )
    return texts


@pytest.mark.parametrize("name", sorted(messages()))
def test_a_message_reads_as_agreed(name: str) -> None:
    assert messages()[name] == (GOLDEN / name).read_text("utf-8")


def test_no_agreed_message_is_left_over() -> None:
    assert {path.name for path in GOLDEN.iterdir()} == set(messages())


if __name__ == "__main__":
    for name, text in messages().items():
        (GOLDEN / name).write_text(text, "utf-8")
