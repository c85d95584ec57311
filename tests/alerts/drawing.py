"""Messages as people see them, as pages: what Slack, Teams and a mail reader make of what is sent.

Drawn after the vendors' documented looks, not by their programs: spacing and colours are ours.
"""

import html
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_LINK = re.compile(r"&lt;(https?://[^|&]+(?:&amp;[^|&]+)*)\|(.+?)&gt;")
_BOLD, _CODE = re.compile(r"\*([^*\n]+)\*"), re.compile(r"`([^`\n]+)`")
_CIRCLES = {
    ":red_circle:": "#dd2e44",
    ":large_orange_circle:": "#f4900c",
    ":large_blue_circle:": "#55acee",
    ":large_green_circle:": "#78b159",
}
_STYLE = """
body { margin: 0; padding: 16px 20px; width: 660px; box-sizing: border-box; background: #fff;
  font: 15px/1.46 'Liberation Sans', sans-serif; color: #1d1c1d; }
a { color: #1264a3; text-decoration: none; }
.message { display: grid; grid-template-columns: 36px 1fr; column-gap: 8px; margin-bottom: 10px; }
.face { width: 36px; height: 36px; border-radius: 8px; background: #24505f; color: #fff;
  font-weight: bold; text-align: center; line-height: 36px; }
.who b { font-weight: 900; }
.app { background: #e8e8e8; color: #616061; font-size: 10px; border-radius: 2px; padding: 1px 3px;
  vertical-align: 1px; }
.when, .edited { color: #616061; font-size: 12px; }
h1 { font-size: 18px; line-height: 1.33; margin: 6px 0 4px; }
.context { color: #616061; font-size: 13px; margin: 6px 0; }
.context span { margin-right: 8px; }
.section { margin: 8px 0; white-space: pre-wrap; }
.fields { display: grid; grid-template-columns: 1fr 1fr; gap: 3px 16px; margin: 8px 0; }
.circle { display: inline-block; width: 12px; height: 12px; border-radius: 6px;
  vertical-align: -1px; }
code { background: #f6f6f6; border: 1px solid #ddd; border-radius: 3px; color: #e01e5a;
  font: 12px 'DejaVu Sans Mono'; padding: 1px 3px; }
.buttons { margin: 10px 0; }
.buttons i { font-style: normal; display: inline-block; border: 1px solid #bbb; border-radius: 4px;
  font-size: 13px; font-weight: bold; padding: 4px 10px; margin: 0 8px 4px 0; }
.buttons i.primary { background: #007a5a; border-color: #007a5a; color: #fff; }
.buttons i.danger { color: #e01e5a; border-color: #e01e5a; }
.thread { border-left: 2px solid #ddd; margin-left: 44px; padding-left: 12px; }
.mail { border: 1px solid #ccc; border-radius: 4px; padding: 12px 16px; }
.mail dl { display: grid; grid-template-columns: 70px 1fr; margin: 0 0 10px; font-size: 13px;
  border-bottom: 1px solid #ddd; padding-bottom: 8px; }
.mail dt { color: #666; } .mail dd { margin: 0; }
.mail pre { font: 13px/1.45 'Liberation Mono', monospace; white-space: pre-wrap; margin: 0; }
.card { background: #fff; border: 1px solid #ddd; border-radius: 6px; padding: 14px 16px;
  box-shadow: 0 1px 3px #0002; font: 14px/1.4 'Liberation Sans', sans-serif; }
.card p { margin: 4px 0; }
.attention { color: #c4314b; } .warning { color: #a5570c; } .accent { color: #5b5fc7; }
.good { color: #237b4b; } .large { font-size: 18px; } .bolder { font-weight: bold; }
"""

Block = Mapping[str, Any]


def page(body: str) -> str:
    """A whole page with something on it."""
    return f'<!doctype html><meta charset="utf-8"><style>{_STYLE}</style><body>{body}</body>'


def slack_page(message: Sequence[Block], replies: Iterable[Sequence[Block]], at: str) -> str:
    """A message of an app in a conversation, and its thread."""
    shown = _message(message, at)
    thread = "".join(_message(each, at) for each in replies)
    return page(shown + (f'<div class="thread">{thread}</div>' if thread else ""))


def mail_page(mail: str) -> str:
    """A mail as a reader shows it."""
    head, _, text = mail.partition("\n\n")
    wanted = ("From", "To", "Date", "Subject")
    lines = (line.partition(": ") for line in head.splitlines())
    rows = "".join(
        f"<dt>{name}</dt><dd>{html.escape(value)}</dd>"
        for name, _, value in lines
        if name in wanted
    )
    return page(f'<div class="mail"><dl>{rows}</dl><pre>{html.escape(text)}</pre></div>')


def card_page(posted: Mapping[str, Any]) -> str:
    """An adaptive card in Teams."""
    card = posted["attachments"][0]["content"]
    lines = "".join(_line(run) for block in card["body"] for run in block["inlines"])
    buttons = "".join(f"<i>{html.escape(it['title'])}</i>" for it in card.get("actions", ()))
    return page(f'<div class="card">{lines}<div class="buttons">{buttons}</div></div>')


def _line(run: Mapping[str, str]) -> str:
    styles = " ".join(run.get(name, "") for name in ("color", "size", "weight"))
    return f'<p class="{styles}">{html.escape(run["text"])}</p>'


def _message(blocks: Sequence[Block], at: str) -> str:
    shown = "".join(map(_block, blocks))
    who = '<span class="who"><b>tieout</b> <span class="app">APP</span></span>'
    who += f' <span class="when">{at}</span>'
    return f'<div class="message"><div class="face">t</div><div>{who}{shown}</div></div>'


def _block(block: Block) -> str:
    match block["type"]:
        case "header":
            return f"<h1>{_text(block['text'])}</h1>"
        case "context":
            parts = "".join(f"<span>{_text(each)}</span>" for each in block["elements"])
            return f'<div class="context">{parts}</div>'
        case "actions":
            buttons = "".join(map(_button, block["elements"]))
            return f'<div class="buttons">{buttons}</div>'
        case "divider":
            return "<hr>"
        case _:
            text = f'<div class="section">{_text(block["text"])}</div>' if "text" in block else ""
            cells = "".join(f"<div>{_text(each)}</div>" for each in block.get("fields", ()))
            return text + (f'<div class="fields">{cells}</div>' if cells else "")


def _button(element: Mapping[str, Any]) -> str:
    said = element.get("text") or element.get("placeholder") or {"text": element["type"]}
    mark = " ▾" if element["type"] != "button" else ""
    return f'<i class="{element.get("style", "")}">{html.escape(said["text"])}{mark}</i>'


def _text(text: Mapping[str, Any]) -> str:
    """What Slack sends back as entities is text; only mrkdwn has marks."""
    shown = html.escape(html.unescape(str(text["text"])))
    if text["type"] != "mrkdwn":
        return shown
    shown = _LINK.sub(r'<a href="\1">\2</a>', shown)
    shown = _CODE.sub(r"<code>\1</code>", _BOLD.sub(r"<b>\1</b>", shown))
    for name, colour in _CIRCLES.items():
        shown = shown.replace(name, f'<span class="circle" style="background:{colour}"></span>')
    return shown
