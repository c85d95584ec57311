"""Make a picture of text small: few colours, each pixel a place in their list.

Source: "Portable Network Graphics (PNG) Specification", W3C.
"""

import struct
import zlib

import numpy as np
import numpy.typing as npt

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_MOST = 256


def reduce_colours(picture: bytes) -> bytes:
    """The picture, of eight bits a channel and not interlaced, with a palette instead.

    Raises:
        ValueError: it has more colours than a palette holds, however coarse they are.
    """
    pixels = _pixels(picture)
    for bits in (5, 4, 3):
        coarse = _coarsen(pixels, bits)
        colours, places = np.unique(coarse.reshape(-1, 3), axis=0, return_inverse=True)
        if len(colours) <= _MOST:
            height, width, _ = pixels.shape
            return _written(colours, places.reshape(height, width).astype(np.uint8))
    raise ValueError("the picture has too many colours")


def _coarsen(pixels: npt.NDArray[np.uint8], bits: int) -> npt.NDArray[np.uint8]:
    """As many shades a channel as so many bits hold, from black to white."""
    steps = (1 << bits) - 1
    found: npt.NDArray[np.uint8] = np.rint(np.rint(pixels / 255 * steps) / steps * 255).astype(
        np.uint8
    )
    return found


def _pixels(picture: bytes) -> npt.NDArray[np.uint8]:
    width, height, channels, data = _read(picture)
    stride = width * channels
    rows = np.frombuffer(zlib.decompress(data), np.uint8).reshape(height, stride + 1)
    before = np.zeros(stride, np.uint8)
    plain = []
    for row in rows:
        before = _unfiltered(int(row[0]), row[1:], before, channels)
        plain.append(before)
    return np.stack(plain).reshape(height, width, channels)[:, :, :3]


def _read(picture: bytes) -> tuple[int, int, int, bytes]:
    if not picture.startswith(_SIGNATURE):
        raise ValueError("it is no PNG")
    place, data = len(_SIGNATURE), b""
    width = height = channels = 0
    while place < len(picture):
        length, kind = struct.unpack(">I4s", picture[place : place + 8])
        body = picture[place + 8 : place + 8 + length]
        if kind == b"IHDR":
            width, height, depth, colour, *_, interlaced = struct.unpack(">IIBBBBB", body)
            channels = {2: 3, 6: 4}.get(colour, 0) if (depth, interlaced) == (8, 0) else 0
        elif kind == b"IDAT":
            data += body
        place += 12 + length
    if not channels:
        raise ValueError("it has no eight bits a channel, or is interlaced")
    return width, height, channels, data


def _unfiltered(
    kind: int, row: npt.NDArray[np.uint8], above: npt.NDArray[np.uint8], channels: int
) -> npt.NDArray[np.uint8]:
    """One row, as the five filters of the specification have it."""
    if kind in (0, 2):
        return row + above if kind == 2 else row.copy()
    found = bytearray(len(row))
    for place, value in enumerate(row.tolist()):
        left = found[place - channels] if place >= channels else 0
        up = int(above[place])
        corner = int(above[place - channels]) if place >= channels else 0
        guess = {1: left, 3: (left + up) // 2, 4: _paeth(left, up, corner)}[kind]
        found[place] = (value + guess) & 255
    return np.frombuffer(bytes(found), np.uint8)


def _paeth(left: int, up: int, corner: int) -> int:
    guess = left + up - corner
    return min((left, up, corner), key=lambda each: abs(guess - each))


def _written(colours: npt.NDArray[np.uint8], places: npt.NDArray[np.uint8]) -> bytes:
    height, width = places.shape
    rows = np.hstack([np.zeros((height, 1), np.uint8), places]).tobytes()
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    parts = (
        (b"IHDR", header),
        (b"PLTE", colours.tobytes()),
        (b"IDAT", zlib.compress(rows, 9)),
        (b"IEND", b""),
    )
    return _SIGNATURE + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in parts
    )
