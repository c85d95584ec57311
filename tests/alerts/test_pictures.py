"""The pictures in the documentation: all there, small, and none left over."""

import struct
import zlib

from alerts.blocks import compose_message
from alerts.examples import examples
from tests.alerts.palette import reduce_colours
from tests.alerts.pictures import LARGEST, PICTURES, pages


def test_every_page_has_its_picture_and_none_is_left_over() -> None:
    files = {file.stem: file.stat().st_size for file in PICTURES.glob("*.png")}
    assert files.keys() == pages().keys()
    assert max(files.values()) <= LARGEST


def test_a_page_says_what_the_message_says() -> None:
    for name, message in examples().items():
        assert compose_message(message).text.split(":")[0] in pages()[f"slack_{name}"]


def test_a_picture_with_a_palette_stays_as_it_is() -> None:
    picture = next(iter(sorted(PICTURES.glob("*.png")))).read_bytes()
    assert struct.unpack(">IIBB", picture[16:26])[2:] == (8, 3)  # eight bits, a palette


def test_few_colours_are_kept_as_they_are() -> None:
    rows = b"\x00" + bytes((255, 255, 255, 0, 0, 0)) + b"\x02" + bytes((0, 1, 1, 255, 255, 255))
    small = reduce_colours(_png(2, 2, rows))
    assert bytes((0, 0, 0, 255, 0, 0, 255, 255, 255)) in small  # the palette, in order


def _png(width: int, height: int, rows: bytes) -> bytes:
    """A picture of three channels, whose rows say how they are filtered."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in parts
    )
