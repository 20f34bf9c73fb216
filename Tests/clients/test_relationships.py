"""The relationships of a profile: a collection like the others, whose entries grant audiences at once."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

import demo
from http_calls import batch, outcome, part, refused
from running_server import RunningServer
from seeding import FEDERATED_TENANT, identifier, item, person, write

OWNER, LISTED, FOREIGNER = (identifier(place) for place in range(1, 4))
PROFILE = f"/beta/users/{OWNER}/profile"
OWN = "/beta/me/profile/relationships"
ALL = "User.Read.All User.ReadWrite.All"


@pytest.fixture(scope="module")
def directory(tmp_path_factory) -> Iterator[RunningServer]:
    place = tmp_path_factory.mktemp("relationships")
    running = RunningServer(place, "--seed", str(write(place / "seed.ndjson", [
        person(OWNER, "Owner"), person(LISTED, "Listed"), person(FOREIGNER, "Foreigner", FEDERATED_TENANT),
        *(item(OWNER, "phones", id=audience, allowedAudiences=audience) for audience in ("family", "contacts")),
    ])))
    yield running
    running.stop()


@pytest.fixture
def owner(directory) -> Iterator[httpx.Client]:
    """The owner, whose list is emptied afterwards."""
    with directory.caller("--user", OWNER, "--scopes", "User.ReadWrite") as client:
        yield client
        for entry in client.get(OWN).json()["value"]:
            assert client.delete(f"{OWN}/{entry['id']}").status_code == 204


@pytest.fixture
def listed(directory) -> Iterator[httpx.Client]:
    with directory.caller("--user", LISTED, "--scopes", ALL) as client:
        yield client


def seen(client: httpx.Client) -> list[str]:
    """Which of the two phones the caller sees."""
    answer = client.get(f"{PROFILE}/phones")
    return [one["id"] for one in answer.json()["value"]] if answer.status_code == 200 else []


def entry(client: httpx.Client, relationship: str | None, user: str = LISTED) -> dict:
    answer = client.post(OWN, json={"displayName": "Somebody", "relationship": relationship, "userId": user})
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_an_entry_has_the_form_of_an_item_and_is_for_its_owner_only(owner):
    made = entry(owner, "friend")
    assert made["@odata.type"] == "#microsoft.graph.itemRelationship"
    assert (made["allowedAudiences"], made["relationship"], made["userId"]) == ("me", "friend", LISTED)
    assert (made["relationshipLabel"], made["userPrincipalName"]) == (None, None)
    assert owner.get(f"{OWN}/{made['id']}").json() == made
    assert owner.get("/beta/me/profile").json()["relationships"][0]["id"] == made["id"]


@pytest.mark.parametrize(("relationship", "granted"), [
    ("spouse", ["family"]), ("sibling", ["family"]), ("child", ["family"]), ("parent", ["family"]),
    ("friend", ["contacts"]), ("manager", ["contacts"]), ("emergencyContact", ["contacts"]), (None, ["contacts"]),
])
def test_an_entry_grants_its_audience_while_it_exists(owner, listed, relationship, granted):
    assert seen(listed) == []
    made = entry(owner, relationship)
    assert seen(listed) == granted
    assert owner.delete(f"{OWN}/{made['id']}").status_code == 204
    assert seen(listed) == []


def test_changing_an_entry_changes_the_granted_audience(owner, listed):
    path = f"{OWN}/{entry(owner, 'friend')['id']}"
    for change, granted in (
        ({"relationship": "spouse"}, ["family"]), ({"relationshipLabel": "wife"}, ["family"]),
        ({"relationship": "colleague"}, ["contacts"]), ({"userId": demo.STRANGER_ID}, []),
        ({"userId": LISTED}, ["contacts"]),
        ({"userId": None, "userPrincipalName": f"{LISTED}@facet.example"}, []),
    ):
        assert owner.patch(path, json=change).status_code == 200
        assert seen(listed) == granted, change


def test_an_audience_is_granted_until_its_last_entry_is_deleted(owner, listed):
    first, second = entry(owner, "parent"), entry(owner, "sibling")
    entry(owner, "friend")
    assert sorted(seen(listed)) == ["contacts", "family"]
    assert owner.delete(f"{OWN}/{first['id']}").status_code == 204
    assert sorted(seen(listed)) == ["contacts", "family"]
    assert owner.delete(f"{OWN}/{second['id']}").status_code == 204
    assert seen(listed) == ["contacts"]


def test_several_entries_of_one_batch_count_as_soon_as_it_is_done(owner, listed):
    parts = [part("POST", "/me/profile/relationships", {"userId": LISTED, "relationship": kind}, atomicityGroup="both")
             for kind in ("child", "friend")]
    assert [outcome(answer) for answer in batch(owner, parts)] == ["201", "201"]
    assert sorted(seen(listed)) == ["contacts", "family"]
    assert owner.delete("/beta/me/profile/relationships/none").status_code == 404


def test_an_entry_for_a_person_of_another_tenant_grants_nothing(directory, owner):
    entry(owner, "spouse", FOREIGNER)
    entry(owner, "friend", FOREIGNER)
    with directory.caller("--user", FOREIGNER, "--scopes", ALL, "--tenant", FEDERATED_TENANT) as client:
        assert seen(client) == []
        refused(client.get(f"{PROFILE}/phones"), 404, "Request_ResourceNotFound")


def test_only_the_owner_and_applications_write_entries(directory, owner, listed):
    made = entry(owner, "friend")
    assert owner.patch(f"{OWN}/{made['id']}", json={"allowedAudiences": "organization"}).status_code == 200
    path = f"{PROFILE}/relationships"
    with directory.caller("--user", LISTED, "--scopes", ALL, "--administrator") as administrator:
        for client in (listed, administrator):
            assert client.get(f"{path}/{made['id']}").status_code == 200
            for answer in (
                client.post(path, json={"userId": LISTED, "relationship": "spouse"}),
                client.patch(f"{path}/{made['id']}", json={"relationship": "spouse"}),
                client.delete(f"{path}/{made['id']}"),
            ):
                refused(answer, 403, "ErrorAccessDeniedForRole")
    assert seen(listed) == ["contacts"]
    with directory.caller("--app", demo.APPLICATION, "--roles", "User.ReadWrite.All") as application:
        assert application.patch(f"{path}/{made['id']}", json={"relationship": "spouse"}).status_code == 200
        assert seen(listed) == ["family"]
        assert application.delete(f"{path}/{made['id']}").status_code == 204
        assert seen(listed) == []


def test_who_deletes_what_they_see_of_a_profile_leaves_the_entries(directory, owner):
    """An administrator may empty a profile, and cannot change by it who is family."""
    made = entry(owner, "friend", demo.STRANGER_ID)
    assert owner.patch(f"{OWN}/{made['id']}", json={"allowedAudiences": "organization"}).status_code == 200
    own = owner.post("/beta/me/profile/notes", json={"displayName": "x", "allowedAudiences": "organization"}).json()
    with directory.caller("--user", LISTED, "--scopes", ALL, "--administrator") as administrator:
        answer = administrator.delete(PROFILE)
        assert answer.status_code in (204, 403)
    assert owner.get(f"{OWN}/{made['id']}").status_code == 200
    kept = owner.get(f"/beta/me/profile/notes/{own['id']}").status_code
    assert kept == (404 if answer.status_code == 204 else 200)
