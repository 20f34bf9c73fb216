"""A demo server in which the directory around one person is there: a group with an owner, a manager, and a photo."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

import demo
from running_server import RunningServer

GROUP_NAME = "Grid operations"
ROLES = "User.ReadWrite.All Group.ReadWrite.All ProfilePhoto.ReadWrite.All"


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _png(side: int) -> bytes:
    """A white square."""
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    rows = zlib.compress((b"\0" + b"\xff" * side) * side)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", rows) + _chunk(b"IEND", b"")


PHOTO = _png(64)


@dataclass(frozen=True)
class Furnished:
    """A server, and the ids of what was added."""

    server: RunningServer
    group: str
    manager: str

    def filled(self, text: str) -> str:
        """A path or a body in which `{user}`, `{group}` and `{tenant}` stand for ids."""
        ids = {"{user}": demo.USER, "{group}": self.group, "{tenant}": self.server.tenant}
        for placeholder, value in ids.items():
            text = text.replace(placeholder, value)
        return text


def furnish(server: RunningServer) -> Furnished:
    """Puts the demo data back and adds the rest."""
    server.reset()
    with server.caller("--app", demo.APPLICATION, "--roles", ROLES) as client:
        manager = client.get(f"/v1.0/users/{demo.OTHER_UPN}").json()["id"]
        user, other = (f"{server.http}/v1.0/users/{one}" for one in (demo.USER, manager))
        made = client.post("/v1.0/groups", json={
            "displayName": GROUP_NAME, "mailNickname": "grid", "mailEnabled": False, "securityEnabled": True,
            "members@odata.bind": [user], "owners@odata.bind": [other]})
        assert made.status_code == 201, made.text
        for answer in (
                client.put(f"/v1.0/users/{demo.USER}/manager/$ref", json={"@odata.id": other}),
                client.put(
                    f"/v1.0/users/{demo.USER}/photo/$value", content=PHOTO, headers={"Content-Type": "image/png"})):
            assert answer.status_code in (200, 204), answer.text
        return Furnished(server, made.json()["id"], manager)
