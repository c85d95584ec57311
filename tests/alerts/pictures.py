"""Draw the messages in the documentation: `python -m tests.alerts.pictures`; needs Chromium."""

import re
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from alerts import CHANNELS
from alerts.blocks import compose_message, compose_reply
from alerts.examples import examples
from monitor.core.drafts import Drafting
from monitor.core.incidents import Message
from monitor.core.plugins import ChannelContext
from tests.alerts.drawing import card_page, mail_page, slack_page
from tests.alerts.harness import Time
from tests.alerts.palette import reduce_colours

PICTURES = Path(__file__).parents[2] / "docs" / "images" / "messages"
LARGEST = 60_000
"""Bytes of one picture."""

_WIDTH = 660
_TALL = 4_000
_MEASURE = "<script>document.title = 'height ' + document.body.offsetHeight</script>"
_CHROMIUM = (
    "chromium",
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--hide-scrollbars",
)


def pages() -> Mapping[str, str]:
    """By the picture's name, the page that it shows."""
    shown = {f"slack_{name}": _slack(each) for name, each in examples().items()}
    opened = examples()["opened"]
    mail = {
        "channel": "email",
        "host": "mail.firm.example",
        "sender": "tieout@firm.example",
        "to": ["on-call@firm.example"],
    }
    room = {"channel": "teams", "url": "https://firm.example/flow"}
    shown["mail_opened"] = mail_page(_drafting(mail).draft(opened).body)
    shown["teams_opened"] = card_page(_drafting(room).draft(opened).body)
    return shown


def draw(name: str, page: str, folder: Path) -> Path:
    """One picture, as high as its page."""
    file = folder / f"{name}.html"
    file.write_text(page + _MEASURE, "utf-8")
    told = _chromium(folder, f"--window-size={_WIDTH},{_TALL}", "--dump-dom", file.as_uri())
    found = re.search(r"<title>height (\d+)</title>", told)
    assert found is not None, told
    picture = PICTURES / f"{name}.png"
    size = f"--window-size={_WIDTH},{found[1]}"
    _chromium(folder, size, f"--screenshot={picture}", file.as_uri())
    picture.write_bytes(reduce_colours(picture.read_bytes()))
    assert picture.stat().st_size <= LARGEST, name
    return picture


def _slack(message: Message) -> str:
    later = message.history[1:]
    replies = [compose_reply(later).blocks] if later else []
    return slack_page(compose_message(message, acts=True).blocks, replies, "10:20")


def _drafting(settings: Mapping[str, object]) -> Drafting:
    row, time = CHANNELS[str(settings["channel"])], Time()
    channel = row.build(row.settings.model_validate(settings), ChannelContext("", time.clock))
    assert isinstance(channel, Drafting)
    return channel


def _chromium(folder: Path, *arguments: str) -> str:
    command = [*_CHROMIUM, f"--user-data-dir={folder / 'profile'}", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    return done.stdout


if __name__ == "__main__":
    PICTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        for picture, page in pages().items():
            drawn = draw(picture, page, Path(name))
            print(drawn.name, drawn.stat().st_size)  # noqa: T201 - the report is what it is for
