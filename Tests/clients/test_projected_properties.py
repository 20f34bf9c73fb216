"""Properties of a person that are made of items show each caller the items that they may see, and nobody else's."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from http_calls import url
from running_server import RunningServer
from seeding import FEDERATED_TENANT, item, write
from test_visibility_matrix import OWNER, Matrix, each_caller, seed
from visibility_oracle import AUDIENCES, HOME, named, sees

# By the property: the collection, and the members of an item of which the property shows the canary.
LISTS = {
    "skills": ("skills", lambda canary: {"displayName": canary}),
    "interests": ("interests", lambda canary: {"displayName": canary}),
    "pastProjects": ("projects", lambda canary: {"displayName": canary}),
    "responsibilities": ("responsibilities", lambda canary: {"displayName": canary}),
    "schools": ("educationalActivities", lambda canary: {"institution": {"displayName": canary}}),
}
FIRST = {
    "aboutMe": ("notes", lambda canary: {"detail": {"contentType": "text", "content": canary}}),
    "mySite": ("websites", lambda canary: {"webUrl": canary}),
    "preferredName": ("names", lambda canary: {"nickname": canary}),
}


def canary(name: str, audience: int) -> str:
    return f"{name}-canary-{audience:02}"


def items() -> Iterator[dict]:
    """An item of each collection for each audience, the widest audience last."""
    for name, (collection, members) in {**LISTS, **FIRST}.items():
        for audience in AUDIENCES:
            yield item(OWNER, collection, id=f"{name}-{audience:02}", allowedAudiences=named(audience),
                       createdDateTime=f"2024-01-01T00:00:{audience:02}Z" if audience < 60
                       else f"2024-01-01T00:01:{audience - 60:02}Z", **members(canary(name, audience)))


@pytest.fixture(scope="module")
def matrix(tmp_path_factory) -> Iterator[Matrix]:
    directory = tmp_path_factory.mktemp("projected")
    server = RunningServer(directory, "--seed", str(write(directory / "seed.ndjson", [*seed(), *items()])))
    server.run("tenant", "federate", HOME, FEDERATED_TENANT)
    running = Matrix(server)
    yield running
    running.close()


@each_caller
def test_each_caller_gets_what_they_may_see(matrix, caller):
    client = matrix.client(caller)
    for version in ("beta", "v1.0"):
        answer = client.get(url(f"/{version}/users/{OWNER}", select=",".join([*LISTS, *FIRST])))
        if caller.tenant != HOME:
            assert answer.status_code in (403, 404) and "canary" not in answer.text
            continue
        assert answer.status_code == 200, answer.text
        seen = [audience for audience in AUDIENCES if sees(caller, audience, 63)]
        found = answer.json()
        for name in LISTS:
            assert found[name] == [canary(name, audience) for audience in seen], name
        for name in FIRST:
            assert found[name] == (canary(name, seen[0]) if seen else None), name


@each_caller
def test_no_list_shows_or_compares_them(matrix, caller):
    client = matrix.client(caller)
    for options in ({"select": "skills"}, {"filter": "skills/any(s:s eq 'skills-canary-00')"}, {"orderby": "aboutMe"},
                    {"search": '"skills:canary"'}, {"search": '"canary"'}, {}):
        answer = client.get(url("/beta/users", **options))
        assert "canary" not in answer.text or answer.status_code == 400, options
        if answer.status_code == 200 and "search" in options:
            assert answer.json()["value"] == []
