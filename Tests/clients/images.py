"""PNG files that tests make, and what a JPEG file says of itself."""

from __future__ import annotations

import struct
import zlib
from base64 import b64encode


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(width: int, height: int, color: tuple[int, int, int] = (30, 120, 200), *, text: str = "") -> bytes:
    """A file of one colour; `text` is a comment in it, as a camera might note something."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = (b"\0" + bytes(color) * width) * height
    comment = _chunk(b"tEXt", b"Comment\0" + text.encode()) if text else b""
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + comment + _chunk(b"IDAT", zlib.compress(rows)) + _chunk(
        b"IEND", b"")


def side(jpeg: bytes) -> int:
    """The side of a square JPEG file in pixels."""
    place = 2
    while jpeg[place + 1] != 0xC0:
        assert jpeg[place] == 0xFF
        place += 2 + struct.unpack_from(">H", jpeg, place + 2)[0]
    height, width = struct.unpack_from(">HH", jpeg, place + 5)
    assert height == width
    return width


def plain_jpeg(pixels: int, length: int, text: str = "") -> bytes:
    """A file of the form that an import takes, of any length; it shows nothing, and may hold a text."""
    def segment(marker: int, content: bytes) -> bytes:
        return bytes([0xFF, marker]) + struct.pack(">H", len(content) + 2) + content

    head = b"\xff\xd8" + segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0") + segment(
        0xC0, struct.pack(">BHHBBBB", 8, pixels, pixels, 1, 1, 0x11, 0)) + segment(0xDA, b"\1\1\0\0\x3f\0")
    return head + text.encode() + b"\x11" * (length - len(head) - len(text) - 2) + b"\xff\xd9"


def sizes(text: str) -> dict[str, str]:
    """A photo in its smallest size that holds a text, as an import takes it."""
    return {"48": b64encode(plain_jpeg(48, 1_000, text)).decode()}


def photo_line(user: str, audience: str, sides: dict[int, int]) -> dict:
    """The photo of a person as a line of an import, with the length of each size's file."""
    files = {str(pixels): b64encode(plain_jpeg(pixels, length)).decode() for pixels, length in sides.items()}
    return {"userId": user, "collection": "photo", "item": {"allowedAudiences": audience, "sizes": files}}
