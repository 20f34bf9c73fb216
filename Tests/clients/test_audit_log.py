"""The audit log of a profile: who changed which properties when, and how; never a value."""

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
AUDIT_LOG = f"/beta/users/{OWNER}/profile/changes"
ALL = "User.Read User.ReadWrite User.Read.All User.ReadWrite.All Group.ReadWrite.All"
MEMBERS = {
    "id", "time", "kind", "userId", "applicationId", "collection", "itemId", "properties", "versionBefore",
    "versionAfter",
}
IMPORTED = "Import-" + secrets.token_hex(8)


@pytest.fixture(scope="module")
def directory(tmp_path_factory) -> Iterator[RunningServer]:
    place = tmp_path_factory.mktemp("audit-log")
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


def entries_of(client: httpx.Client, path: str = AUDIT_LOG) -> list[dict]:
    """All entries of the audit log, oldest first."""
    entries = [entry for page in pages(client, url(path, top=50)) for entry in page["value"]]
    return sorted(entries, key=lambda entry: datetime.fromisoformat(entry["time"]))


def new_entries(client: httpx.Client, known: list[dict]) -> list[dict]:
    """The entries of the audit log that are not in `known`."""
    seen = {entry["id"] for entry in known}
    return [entry for entry in entries_of(client) if entry["id"] not in seen]


def facts(entry: dict, *names: str) -> tuple:
    return tuple(entry[name] for name in names)


# Which writes are logged


def test_the_life_of_a_phone_is_logged_without_its_values(owner, application):
    known = entries_of(owner)
    values = [secrets.token_hex(8) for _ in range(3)]
    made = owner.post(PHONES, json={"number": values[0], "displayName": values[1]}).json()
    assert owner.patch(f"{PHONES}/{made['id']}", json={"number": values[2]}).status_code == 200
    assert application.patch(f"{PHONES}/{made['id']}", json={"type": "home"}).status_code == 200
    assert owner.delete(f"{PHONES}/{made['id']}").status_code == 204
    found = new_entries(owner, known)
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
    raw = owner.get(AUDIT_LOG).text
    assert not any(value in raw for value in (*values, IMPORTED))


def test_an_update_that_changes_nothing_or_is_refused_is_not_logged(owner):
    made = owner.post(PHONES, json={"number": "1"}).json()
    known = entries_of(owner)
    path = f"{PHONES}/{made['id']}"
    assert owner.patch(path, json={"number": "1"}).status_code == 200
    assert owner.patch(path, json={"colour": "red"}).status_code == 400
    assert owner.patch(path, json={"number": "2"}, headers={"If-Match": 'W/"987"'}).status_code == 412
    assert owner.get(path).status_code == 200
    assert new_entries(owner, known) == []


def test_a_failed_changeset_is_not_logged(owner):
    known = entries_of(owner)
    parts = [part("POST", PHONES[5:], {"number": "1"}, atomicityGroup="both"),
             part("PATCH", f"{PHONES[5:]}/missing", {"number": "1"}, atomicityGroup="both")]
    assert [answer["status"] for answer in batch(owner, parts)] == [424, 404]
    assert new_entries(owner, known) == []


def test_an_import_is_logged_as_such(owner):
    found = [entry for entry in entries_of(owner) if entry["itemId"] == "first"]
    assert [facts(entry, "kind", "collection", "versionBefore") for entry in found] == [("imported", "notes", None)]


def test_a_membership_is_in_the_audit_log_of_the_member(owner, application):
    known = entries_of(owner)
    reference = {"@odata.id": f"https://graph.microsoft.com/beta/users/{OWNER}"}
    assert application.post(f"/beta/groups/{TEAM}/members/$ref", json=reference).status_code == 204
    assert application.delete(f"/beta/groups/{TEAM}/members/{OWNER}/$ref").status_code == 204
    found = new_entries(owner, known)
    assert [facts(entry, "kind", "itemId", "applicationId") for entry in found] == [
        ("created", TEAM, demo.APPLICATION), ("deleted", TEAM, demo.APPLICATION)]
    assert "Team" not in owner.get(AUDIT_LOG).text


# Reading the audit log


def test_the_audit_log_is_paged_counted_and_ordered_by_time(owner):
    for number in range(5):
        assert owner.post(PHONES, json={"number": str(number)}).status_code == 201
    count = int(owner.get(f"{AUDIT_LOG}/$count").text)
    whole = owner.get(url(AUDIT_LOG, count="true")).json()
    assert whole["@odata.count"] == count == len(entries_of(owner))
    times = [datetime.fromisoformat(time) for time in listed(owner, url(AUDIT_LOG, top=2), "time")]
    assert times == sorted(times, reverse=True)
    identifiers = listed(owner, url(AUDIT_LOG, top=2))
    assert len(set(identifiers)) == len(identifiers) == count


def test_the_audit_log_can_be_filtered_ordered_and_selected_from(owner):
    made = owner.post(PHONES, json={"number": "1"}).json()["id"]
    assert owner.delete(f"{PHONES}/{made}").status_code == 204
    mine = f"itemId eq '{made}'"
    assert listed(owner, url(AUDIT_LOG, filter=mine), "kind") == ["deleted", "created"]
    assert listed(owner, url(AUDIT_LOG, filter=mine, orderby="time", top=1), "kind") == ["created", "deleted"]
    named = f"{mine} and properties/any(name:name eq 'number')"
    assert listed(owner, url(AUDIT_LOG, filter=named), "kind")[-1] == "created"
    assert owner.get(url(f"{AUDIT_LOG}/$count", filter=f"{mine} and kind eq 'deleted'")).text == "1"
    selected = owner.get(url(AUDIT_LOG, filter=mine, select="kind,itemId", top=1)).json()["value"][0]
    assert {name for name in selected if "@" not in name} == {"kind", "itemId"}


def test_the_own_audit_log_is_under_me_too(owner):
    assert owner.get("/beta/me/profile/changes").json()["value"] == owner.get(AUDIT_LOG).json()["value"]
    assert owner.get("/beta/me/profile/changes/$count").text == owner.get(f"{AUDIT_LOG}/$count").text


@pytest.mark.parametrize("roles", ["User.Read.All", "User.ReadWrite.All"])
def test_applications_of_the_tenant_read_the_audit_log(directory, owner, roles):
    with directory.caller("--app", demo.APPLICATION, "--roles", roles) as client:
        assert client.get(AUDIT_LOG).json()["value"] == owner.get(AUDIT_LOG).json()["value"]
        assert client.get(f"{AUDIT_LOG}/$count").text == owner.get(f"{AUDIT_LOG}/$count").text


@pytest.mark.parametrize("arguments", [
    ("--user", COLLEAGUE, "--scopes", ALL), ("--user", COLLEAGUE, "--scopes", ALL, "--administrator"),
    ("--user", COLLEAGUE, "--scopes", "User.Read"), ("--user", COLLEAGUE, "--scopes", "User.ReadBasic.All"),
    ("--app", demo.APPLICATION, "--roles", "User.ReadBasic.All"),
    ("--app", demo.APPLICATION, "--roles", "Group.Read.All"),
    ("--user", OWNER, "--scopes", "User.ReadBasic.All"),
], ids=lambda arguments: " ".join(arguments[2:]))
def test_other_callers_are_refused(directory, arguments):
    with directory.caller(*arguments) as client:
        for address in (AUDIT_LOG, f"{AUDIT_LOG}/$count", url(AUDIT_LOG, filter="kind eq 'created'")):
            answer = client.get(address)
            assert (answer.status_code, answer.json()["error"]["message"] != "") == (403, True), answer.text


@pytest.mark.parametrize("arguments", [
    ("--user", FOREIGNER, "--scopes", ALL), ("--app", demo.APPLICATION, "--roles", "User.ReadWrite.All"),
    ("--user", OWNER, "--scopes", ALL),
], ids=["user", "application", "namesake"])
def test_other_tenants_see_no_audit_log(directory, arguments):
    with directory.caller(*arguments, "--tenant", FEDERATED_TENANT) as client:
        for address in (AUDIT_LOG, f"{AUDIT_LOG}/$count"):
            assert client.get(address).status_code in (403, 404)
            assert "value" not in client.get(address).json()


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_the_audit_log_is_read_only(owner, application, method):
    before = owner.get(AUDIT_LOG).content
    entry = owner.get(AUDIT_LOG).json()["value"][0]["id"]
    for client in (owner, application):
        assert client.request(method, AUDIT_LOG, headers=JSON, content="{}").status_code == 405
        assert client.request(method, f"{AUDIT_LOG}/{entry}", headers=JSON, content="{}").status_code in (405, 501)
    assert owner.get(AUDIT_LOG).content == before


def test_the_audit_log_of_a_deleted_person_is_not_found(application):
    dora = {"displayName": "Dora", "userPrincipalName": "dora@facet.example"}
    made = application.post("/beta/users", json=dora).json()
    path = f"/beta/users/{made['id']}/profile"
    assert application.post(f"{path}/phones", json={"number": "1"}).status_code == 201
    assert [entry["kind"] for entry in application.get(f"{path}/changes").json()["value"]].count("created") >= 1
    assert application.delete(f"/beta/users/{made['id']}").status_code == 204
    refused(application.get(f"{path}/changes"), 404, "Request_ResourceNotFound")
