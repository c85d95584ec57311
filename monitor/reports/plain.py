"""Text from records on a terminal: shown, never obeyed."""

from collections.abc import Iterable
from typing import Final

from rich.console import Console, ConsoleOptions, ConsoleRenderable, RenderHook, RenderResult
from rich.segment import Segment

_SYMBOLS: Final = {code: chr(0x2400 + code) for code in range(0x20) if chr(code) != "\n"}
"""Unicode's pictures of the control characters."""

_SHOWN: Final = {**_SYMBOLS, 0x7F: "\u2421", **dict.fromkeys(range(0x80, 0xA0), "\ufffd")}


class WithoutControls(RenderHook):
    """Puts pictures in place of control characters: an escape sequence could steer the terminal."""

    def process_renderables(self, renderables: list[ConsoleRenderable]) -> list[ConsoleRenderable]:
        """As the console asks before it prints."""
        return [_Plain(renderables)]


class _Plain:
    def __init__(self, renderables: Iterable[ConsoleRenderable]) -> None:
        self._renderables = renderables

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for renderable in self._renderables:
            for segment in console.render(renderable, options):
                text = segment.text if segment.control else segment.text.translate(_SHOWN)
                yield Segment(text, segment.style, segment.control)
