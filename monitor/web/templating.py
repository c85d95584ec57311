"""How pages are made: templates that escape whatever is a value, and the words they share."""

from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from fastapi import Request
from fastapi.templating import Jinja2Templates

from monitor.core.model import Value, encode_value
from monitor.core.showing import show_minute, show_money, show_text, show_value
from monitor.web.asking import asker_of
from monitor.web.doors import DONE

_ROOM = Path(__file__).parent
_DOTS = frozenset({".", ".."})


def make_templates() -> Jinja2Templates:
    """The templates of every page."""
    templates = Jinja2Templates(directory=_ROOM / "templates", context_processors=[_who_asks])
    templates.env.filters |= {
        "minute": show_minute,
        "money": show_money,
        "value": show_value,
        "text": show_text,
        "canonical": show_canonical,
        "deal": deal_address,
        "instant": show_instant,
    }
    return templates


def deal_address(key: str) -> str:
    """Where a deal's way is shown, whatever its key holds.

    Browsers take `..` between slashes out of an address, even where its dots are encoded (WHATWG
    URL, "path state"). So slashes are, and a key that is dots alone is searched for.
    """
    encoded = quote(key, safe="")
    return f"/transactions?q={encoded}" if key in _DOTS else f"/transactions/{encoded}"


def show_instant(text: str) -> str:
    """An instant that was kept as text, to the minute."""
    return show_minute(datetime.fromisoformat(text))


def show_canonical(value: Value, field: str) -> str:
    """A canonical value for people."""
    text = show_text(encode_value(value))
    return "nothing" if text is None else show_value(text, field)


def _who_asks(request: Request) -> dict[str, Any]:
    """Every page knows who asks: it greets them, and shows only what they may do."""
    done = request.query_params.get("done", "")
    return {"asker": asker_of(request), "done_words": DONE.get(done, "")}
