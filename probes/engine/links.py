"""The header `Link` (RFC 8288), in which some APIs name the next page."""

import re
from typing import Final

_PARAMETER: Final = r"""\s*;\s*([\w-]+)\s*(?:=\s*(?:"([^"]*)"|([^\s;,"]+)))?"""
_PLAIN: Final = _PARAMETER.replace("([", "(?:[")
_LINK: Final = re.compile(rf"<([^<>]*)>((?:{_PLAIN})*)")


def read_next_link(header: str) -> str | None:
    """The target whose relation is `next`; None where there is none."""
    # Runs of blanks shortened, so that no header makes the patterns slow.
    for link in _LINK.finditer(re.sub(r"\s+", " ", header)):
        for name, quoted, plain in re.findall(_PARAMETER, link[2]):
            if name.lower() == "rel" and "next" in (quoted or plain).lower().split():
                return link[1]
    return None
