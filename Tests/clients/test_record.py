"""The audit log of what happened to a profile: who, when, what kind, which properties; never a value."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import datetime

import httpx
import pytest

import demo
from http_calls import JSON, batch, listed, pages, part, refused, url
from running_server import RunningServer
from seeding import FEDERATED_TENANT, group, identifier, item, person, write

OWNER, COLLEAGUE, FOREIGNER, TEAM = (identifier(place) for place in range(1, 5))
PHONES = f"/beta/users/{OWNER}/profile/phones"
RECORD = f"/beta/users/{OWNER}/profile/changes"
ALL = "User.Read User.ReadWrite User.Read.All User.ReadWrite.All Group.ReadWrite.All"
MEMBERS = {
    "id", "time", "kind", "userId", "applicationId", "collection", "itemId", "properties", "versionBefore",
    "versionAfter",
}
IMPORTED = "Import-" + secrets.token_hex(8)


@pytest.fixture(scope="module")
def directory(tmp_path_factory) -> Iterator[RunningServer]:
    place = tmp_path_factory.mktemp("record")
    running = RunningServer(place, "--seed", str(write(place / "seed.ndjson", [
        person(OWNER, "Owner"), person(COLLEAGUE, "Colleague"), person(FOREIGNER, "Foreigner", FEDERATED_TENANT),
        group(TEAM, "Team"), item(OWNER, "notes", id="first", displayName=IMPORTED, allowedAudiences="everyone"),
    ])))
    yield running
    running.stop()


@pytest.fixture
def owner(directory) -> Iterator[httpx.Client]:
    with directory.caller("--user", OWNER, "--scopes", "User.Read User.ReadWrite") as client:
        yield client


@pytest.fixture
def application(directory) -> Iterator[httpx.Client]:
    with directory.caller("--app", demo.APPLICATION, "--roles", "User.ReadWrite.All Group.ReadWrite.All") as client:
        yield client


def record(client: httpx.Client, path: str = RECORD) -> list[dict]:
    """The whole record, the oldest first."""
    entries = [entry for page in pages(client, url(path, top=50)) for entry in page["value"]]
    return sorted(entries, key=lambda entry: datetime.fromisoformat(entry["time"]))


def news(client: httpx.Client, known: list[dict]) -> list[dict]:
    """What the audit log holds beyond what was known."""
    seen = {entry["id"] for entry in known}
    return [entry for entry in record(client) if entry["id"] not in seen]


def facts(entry: dict, *names: str) -> tuple:
    return tuple(entry[name] for name in names)


# What is recorded


def test_a_life_of_a_phone_is_recorded_without_its_values(owner, application):
    known = record(owner)
    values = [secrets.token_hex(8) for _ in range(3)]
    made = owner.post(PHONES, json={"number": values[0], "displayName": values[1]}).json()
    assert owner.patch(f"{PHONES}/{made['id']}", json={"number": values[2]}).status_code == 200
    assert application.patch(f"{PHONES}/{made['id']}", json={"type": "home"}).status_code == 200
    assert owner.delete(f"{PHONES}/{made['id']}").status_code == 204
    found = news(owner, known)
    assert [facts(entry, "kind", "collection", "itemId") for entry in found] == [
        (kind, "phones", made["id"]) for kind in ("created", "updated", "updated", "deleted")]
    assert [facts(entry, "userId", "applicationId")[0] for entry in found] == [OWNER, OWNER, None, OWNER]
    assert found[2]["applicationId"] == demo.APPLICATION
    assert {"number", "displayName"} <= set(found[0]["properties"])
    assert "number" in found[1]["properties"] and "displayName" not in found[1]["properties"]
    assert "type" in found[2]["properties"] and "number" not in found[2]["properties"]
    assert found[0]["versionBefore"] is None and found[3]["versionAfter"] is None
    assert [entry["versionAfter"] for entry in found[:3]] == [entry["versionBefore"] for entry in found[1:]]
    assert all(set(entry) >= MEMBERS for entry in found)
    raw = owner.get(RECORD).text
    assert not any(value in raw for value in (*values, IMPORTED))


def test_what_changes_nothing_and_what_is_refused_is_not_recorded(owner):
    made = owner.post(PHONES, json={"number": "1"}).json()
    known = record(owner)
    path = f"{PHONES}/{made['id']}"
    assert owner.patch(path, json={"number": "1"}).status_code == 200
    assert owner.patch(path, json={"colour": "red"}).status_code == 400
    assert owner.patch(path, json={"number": "2"}, headers={"If-Match": 'W/"987"'}).status_code == 412
    assert owner.get(path).status_code == 200
    assert news(owner, known) == []


def test_an_atomic_group_that_fails_is_not_recorded(owner):
    known = record(owner)
    parts = [part("POST", PHONES[5:], {"number": "1"}, atomicityGroup="both"),
             part("PATCH", f"{PHONES[5:]}/missing", {"number": "1"}, atomicityGroup="both")]
    assert [answer["status"] for answer in batch(owner, parts)] == [424, 404]
    assert news(owner, known) == []


def test_an_import_is_recorded_as_one(owner):
    found = [entry for entry in record(owner) if entry["itemId"] == "first"]
    assert [facts(entry, "kind", "collection", "versionBefore") for entry in found] == [("imported", "notes", None)]


def test_membership_is_in_the_record_of_the_member(owner, application):
    known = record(owner)
    reference = {"@odata.id": f"https://graph.microsoft.com/beta/users/{OWNER}"}
    assert application.post(f"/beta/groups/{TEAM}/members/$ref", json=reference).status_code == 204
    assert application.delete(f"/beta/groups/{TEAM}/members/{OWNER}/$ref").status_code == 204
    found = news(owner, known)
    assert [facts(entry, "kind", "itemId", "applicationId") for entry in found] == [
        ("created", TEAM, demo.APPLICATION), ("deleted", TEAM, demo.APPLICATION)]
    assert "Team" not in owner.get(RECORD).text


# How it is read


def test_the_record_is_paged_counted_and_in_the_order_of_time(owner):
    for number in range(5):
        assert owner.post(PHONES, json={"number": str(number)}).status_code == 201
    count = int(owner.get(f"{RECORD}/$count").text)
    whole = owner.get(url(RECORD, count="true")).json()
    assert whole["@odata.count"] == count == len(record(owner))
    times = [datetime.fromisoformat(time) for time in listed(owner, url(RECORD, top=2), "time")]
    assert times == sorted(times, reverse=True)
    identifiers = listed(owner, url(RECORD, top=2))
    assert len(set(identifiers)) == len(identifiers) == count


def test_the_record_is_filtered_ordered_and_selected(owner):
    made = owner.post(PHONES, json={"number": "1"}).json()["id"]
    assert owner.delete(f"{PHONES}/{made}").status_code == 204
    mine = f"itemId eq '{made}'"
    assert listed(owner, url(RECORD, filter=mine), "kind") == ["deleted", "created"]
    assert listed(owner, url(RECORD, filter=mine, orderby="time", top=1), "kind") == ["created", "deleted"]
    named = f"{mine} and properties/any(name:name eq 'number')"
    assert listed(owner, url(RECORD, filter=named), "kind")[-1] == "created"
    assert owner.get(url(f"{RECORD}/$count", filter=f"{mine} and kind eq 'deleted'")).text == "1"
    selected = owner.get(url(RECORD, filter=mine, select="kind,itemId", top=1)).json()["value"][0]
    assert {name for name in selected if "@" not in name} == {"kind", "itemId"}


def test_one_finds_the_own_record_under_me_too(owner):
    assert owner.get("/beta/me/profile/changes").json()["value"] == owner.get(RECORD).json()["value"]
    assert owner.get("/beta/me/profile/changes/$count").text == owner.get(f"{RECORD}/$count").text


@pytest.mark.parametrize("roles", ["User.Read.All", "User.ReadWrite.All"])
def test_applications_of_the_tenant_read_it(directory, owner, roles):
    with directory.caller("--app", demo.APPLICATION, "--roles", roles) as client:
        assert client.get(RECORD).json()["value"] == owner.get(RECORD).json()["value"]
        assert client.get(f"{RECORD}/$count").text == owner.get(f"{RECORD}/$count").text


@pytest.mark.parametrize("arguments", [
    ("--user", COLLEAGUE, "--scopes", ALL), ("--user", COLLEAGUE, "--scopes", ALL, "--administrator"),
    ("--user", COLLEAGUE, "--scopes", "User.Read"), ("--user", COLLEAGUE, "--scopes", "User.ReadBasic.All"),
    ("--app", demo.APPLICATION, "--roles", "User.ReadBasic.All"),
    ("--app", demo.APPLICATION, "--roles", "Group.Read.All"),
    ("--user", OWNER, "--scopes", "User.ReadBasic.All"),
], ids=lambda arguments: " ".join(arguments[2:]))
def test_nobody_else_reads_it(directory, arguments):
    with directory.caller(*arguments) as client:
        for address in (RECORD, f"{RECORD}/$count", url(RECORD, filter="kind eq 'created'")):
            answer = client.get(address)
            assert (answer.status_code, answer.json()["error"]["message"] != "") == (403, True), answer.text


@pytest.mark.parametrize("arguments", [
    ("--user", FOREIGNER, "--scopes", ALL), ("--app", demo.APPLICATION, "--roles", "User.ReadWrite.All"),
    ("--user", OWNER, "--scopes", ALL),
], ids=["user", "application", "namesake"])
def test_for_other_tenants_there_is_none(directory, arguments):
    with directory.caller(*arguments, "--tenant", FEDERATED_TENANT) as client:
        for address in (RECORD, f"{RECORD}/$count"):
            assert client.get(address).status_code in (403, 404)
            assert "value" not in client.get(address).json()


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_nobody_writes_it(owner, application, method):
    before = owner.get(RECORD).content
    entry = owner.get(RECORD).json()["value"][0]["id"]
    for client in (owner, application):
        assert client.request(method, RECORD, headers=JSON, content="{}").status_code == 405
        assert client.request(method, f"{RECORD}/{entry}", headers=JSON, content="{}").status_code in (405, 501)
    assert owner.get(RECORD).content == before


def test_the_record_of_a_person_who_is_gone_is_gone_from_the_answers(application):
    dora = {"displayName": "Dora", "userPrincipalName": "dora@facet.example"}
    made = application.post("/beta/users", json=dora).json()
    path = f"/beta/users/{made['id']}/profile"
    assert application.post(f"{path}/phones", json={"number": "1"}).status_code == 201
    assert [entry["kind"] for entry in application.get(f"{path}/changes").json()["value"]].count("created") >= 1
    assert application.delete(f"/beta/users/{made['id']}").status_code == 204
    refused(application.get(f"{path}/changes"), 404, "Request_ResourceNotFound")
