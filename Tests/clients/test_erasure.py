"""Erasure: no byte of deleted values stays in the files of the data directory."""

from __future__ import annotations

import random
from base64 import b64encode
from collections.abc import Iterator

import httpx
import pytest

import demo
from canaries import Canaries, Model, forms
from http_calls import url
from images import png
from running_server import RunningServer
from seeding import group, identifier, item, member, person, write

OWNER, NEIGHBOUR, TEAM = (identifier(place) for place in range(1, 4))
FILES = ("facet.db", "facet.db-wal", "facet.db-shm")


class Directory:
    """A server with a person full of canaries, and a neighbour of whom all stays."""

    def __init__(self, place, model: Model) -> None:
        seed = random.randrange(1 << 32)
        print(f"The seed of the canaries is {seed}.")
        self.model = model
        self.canaries, self.kept = Canaries(random.Random(seed)), Canaries(random.Random(seed + 1))
        lines = [*self._person(OWNER, self.canaries), *self._person(NEIGHBOUR, self.kept), group(TEAM, "Team"),
                 member(TEAM, OWNER)]
        self.server = RunningServer(place, "--seed", str(write(place / "seed.ndjson", lines)))
        self.client = self.server.caller("--app", demo.APPLICATION, "--roles", "User.ReadWrite.All Group.ReadWrite.All")

    def _person(self, user: str, value: Canaries) -> Iterator[dict]:
        known = {"jobTitle": value(), "mail": value(), "surname": value(), "businessPhones": [value()]}
        yield person(user, value(), userPrincipalName=f"{value()}@facet.example", **{**known})
        for collection, kind in self.model.collections.items():
            for number in range(3):
                # Ids stay in the audit log of what happened; values do not.
                yield item(user, collection, **{**self.model.filled(kind, value), "id": f"{collection}-{number}"})

    def held(self, canaries: Canaries) -> dict[str, int]:
        """How often a file of the data directory holds a canary, in any form."""
        found = {}
        for name in FILES:
            path = self.server.data / name
            content = path.read_bytes() if path.exists() else b""
            found[name] = sum(content.count(form) for form in forms(canaries.stem))
        return found

    def write_and_read(self) -> None:
        """Values that come by the network, are changed and searched: they are everywhere they can be."""
        path = f"/beta/users/{OWNER}/profile"
        for number in range(30):
            made = self.client.post(f"{path}/phones", json={"number": self.canaries(), "displayName": self.canaries()},
                                    headers={"Idempotency-Key": self.canaries()})
            assert made.status_code == 201
            if number % 2:
                assert self.client.patch(made.headers["Location"], json={"number": self.canaries()}).status_code == 200
        word = self.canaries.stem
        for query in ({"filter": f"contains(number,'{word}')"}, {"search": word}, {"orderby": "number", "top": 3}):
            assert self.client.get(url(f"{path}/phones", **query)).status_code == 200
        assert self.client.get(path).status_code == 200


@pytest.fixture
def directory(tmp_path, strict_process) -> Iterator[Directory]:
    document = httpx.get(f"{strict_process.http}/beta/$metadata?$format=json", trust_env=False).json()
    made = Directory(tmp_path, Model(document))
    yield made
    made.client.close()
    if made.server.is_running:
        made.server.stop()


NOTHING = dict.fromkeys(FILES, 0)


def gone(directory: Directory) -> None:
    """Checks the files while the server runs and when it has stopped."""
    assert directory.held(directory.canaries) == NOTHING
    assert sum(directory.held(directory.kept).values()) > 0
    directory.server.stop()
    assert directory.held(directory.canaries) == NOTHING
    assert directory.canaries.stem not in directory.server.log()
    exported = directory.server.run("export")
    assert directory.canaries.stem not in exported and directory.kept.stem in exported


def test_of_a_person_who_was_deleted_no_byte_is_left(directory):
    directory.write_and_read()
    assert sum(directory.held(directory.canaries).values()) > 0
    assert directory.client.delete(f"/beta/users/{OWNER}").status_code == 204
    gone(directory)


def test_of_a_person_who_was_changed_before_no_byte_is_left(directory):
    """Neither value from before the change."""
    change = {"jobTitle": directory.canaries(), "displayName": directory.canaries()}
    assert directory.client.patch(f"/beta/users/{OWNER}", json=change).status_code == 204
    assert directory.client.delete(f"/beta/users/{OWNER}").status_code == 204
    gone(directory)


def test_of_items_that_were_deleted_one_by_one_no_byte_is_left_when_the_server_has_stopped(directory):
    path = f"/beta/users/{OWNER}/profile/phones"
    numbers = Canaries(random.Random(1))
    made = [directory.client.post(path, json={"number": numbers()}).headers["Location"] for _ in range(20)]
    assert sum(directory.held(numbers).values()) > 0
    for location in made:
        assert directory.client.delete(location).status_code == 204
    directory.server.stop()
    assert directory.held(numbers) == NOTHING


def test_of_the_photo_of_a_person_who_was_deleted_no_byte_is_left(directory):
    path = f"/v1.0/users/{OWNER}/photo"
    assert directory.client.put(f"{path}/$value", content=png(300, 300)).status_code == 200
    photo = b64encode(directory.client.get(f"{path}/$value").content)
    # From the middle on, because files of one encoder begin alike.
    piece = photo[len(photo) // 2:][:60]
    files = [directory.server.data / name for name in FILES]
    assert any(piece in file.read_bytes() for file in files if file.exists())
    assert directory.client.delete(f"/beta/users/{OWNER}").status_code == 204
    assert not any(piece in file.read_bytes() for file in files if file.exists())
    directory.server.stop()
    assert not any(piece in file.read_bytes() for file in files if file.exists())
