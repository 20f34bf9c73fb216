"""Tenants, their federation and policies: changed by the command line, and true for the running server at once."""

from __future__ import annotations

import json
from collections.abc import Iterator

import httpx
import pytest

import demo
from http_calls import JSON, listed, refused
from running_server import RunningServer, facet
from seeding import FEDERATED_TENANT, PERSONAL_TENANT, UNRELATED_TENANT, group, identifier, item, member, person
from seeding import settings, write

NEW_TENANT = "77777777-1111-4111-8111-111111111111"
OWNER, COLLEAGUE, PARTNER, TEAM, UNKNOWN, PRIVATE, FRIEND, FRIENDS = (identifier(place) for place in range(1, 9))
PROFILE = f"/beta/users/{OWNER}/profile"
ALL = "User.Read.All User.ReadWrite.All"
EVERYTHING = f"{ALL} User.Read User.ReadWrite User.ReadBasic.All Group.Read.All Group.ReadWrite.All"


@pytest.fixture(scope="module")
def directory(tmp_path_factory) -> Iterator[RunningServer]:
    place = tmp_path_factory.mktemp("tenants")
    running = RunningServer(place, "--seed", str(write(place / "seed.ndjson", [
        person(OWNER, "Owner"), person(COLLEAGUE, "Colleague"), person(PARTNER, "Partner", FEDERATED_TENANT),
        group(TEAM, "Writers"), member(TEAM, COLLEAGUE),
        item(OWNER, "phones", id="partners", number="1", allowedAudiences="federatedOrganizations"),
        item(OWNER, "phones", id="all", number="2", allowedAudiences="organization,everyone"),
        item(OWNER, "emails", id="all", address="a@facet.example", allowedAudiences="organization,everyone"),
        item(PARTNER, "phones", id="partners", number="3", allowedAudiences="federatedOrganizations"),
        person(PRIVATE, "Private", PERSONAL_TENANT), person(FRIEND, "Friend", PERSONAL_TENANT),
        group(FRIENDS, "Friends", PERSONAL_TENANT), member(FRIENDS, PRIVATE), member(FRIENDS, FRIEND),
        item(PRIVATE, "relationships", id="friend", userId=FRIEND, relationship="spouse"),
        *(item(PRIVATE, "phones", id=one, allowedAudiences=one) for one in (
            "organization", "groupMembers", "family", "everyone")),
    ])))
    yield running
    running.stop()


@pytest.fixture
def policy(directory):
    """Changes the policy of the demo's tenant for one test; gives it as it is printed."""
    changed: set[str] = set()

    def change(**values: object) -> dict:
        named = {key.replace("__", "."): value for key, value in values.items()}
        changed.update(named)
        words = (f"{key}={value}" for key, value in named.items())
        return json.loads(directory.run("tenant", "policy", demo.TENANT, *words))

    yield change
    directory.run("tenant", "policy", demo.TENANT, *(f"{key}=" for key in sorted(changed)))


@pytest.fixture
def clients(directory) -> Iterator[dict[str, httpx.Client]]:
    made = {
        "owner": directory.caller("--user", OWNER, "--scopes", "User.ReadWrite"),
        "colleague": directory.caller("--user", COLLEAGUE, "--scopes", ALL),
        "administrator": directory.caller("--user", COLLEAGUE, "--scopes", ALL, "--administrator"),
        "application": directory.caller("--app", demo.APPLICATION, "--roles", "User.ReadWrite.All"),
        "partner": directory.caller("--user", PARTNER, "--scopes", ALL, "--tenant", FEDERATED_TENANT),
    }
    yield made
    for client in made.values():
        client.close()


def created(client: httpx.Client, path: str, **body: object) -> dict:
    answer = client.post(path, json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


# Tenants


def test_a_tenant_is_unknown_until_it_is_added(directory):
    arguments = ("--app", demo.APPLICATION, "--roles", "User.Read.All", "--tenant", NEW_TENANT)
    with directory.caller(*arguments) as client:
        refused(client.get("/beta/users"), 401, "InvalidAuthenticationToken")
        assert NEW_TENANT not in directory.run("tenant", "list")
        directory.run("tenant", "add", NEW_TENANT, "--name", "Newcomers")
        assert client.get("/beta/users").json()["value"] == []
    lines = directory.run("tenant", "list").splitlines()
    assert any(NEW_TENANT in line and "Newcomers" in line for line in lines)
    for known in (demo.TENANT, PERSONAL_TENANT, FEDERATED_TENANT):
        assert any(known in line for line in lines), known


def test_a_tenant_of_which_people_were_imported_is_known_and_no_other(directory):
    for tenant, status in ((FEDERATED_TENANT, 200), (UNRELATED_TENANT, 401)):
        arguments = ("--app", demo.APPLICATION, "--roles", "User.Read.All", "--tenant", tenant)
        with directory.caller(*arguments) as client:
            assert client.get("/beta/users").status_code == status


def test_federation_and_its_end_are_seen_at_once_and_go_one_way(directory, clients):
    def seen() -> tuple[int, int]:
        theirs = clients["partner"].get(f"{PROFILE}/phones/partners").status_code
        return theirs, clients["colleague"].get(f"/beta/users/{PARTNER}/profile/phones/partners").status_code

    assert seen() == (404, 404)
    directory.run("tenant", "federate", demo.TENANT, FEDERATED_TENANT)
    assert seen() == (200, 404)
    assert sorted(listed(clients["partner"], f"{PROFILE}/phones")) == ["all", "partners"]
    directory.run("tenant", "federate", FEDERATED_TENANT, demo.TENANT)
    assert seen() == (200, 200)
    directory.run("tenant", "federate", demo.TENANT, FEDERATED_TENANT, "--remove")
    assert seen() == (404, 200)
    directory.run("tenant", "federate", FEDERATED_TENANT, demo.TENANT, "--remove")
    assert seen() == (404, 404)


# Policies


def test_a_policy_is_printed_as_far_as_it_is_no_default(directory):
    directory.run("tenant", "add", NEW_TENANT)
    before = json.loads(directory.run("tenant", "policy", NEW_TENANT))
    assert "policy" not in before
    words = (
        "defaultAudience=family,contacts", "defaultAudience.phones=me", "allowedAudiences.phones=everyone,family",
        "applicationCollections=phones,notes", "writersOfOthers=anyone", "createsUnknownPeople=true",
    )
    changed = json.loads(directory.run("tenant", "policy", NEW_TENANT, *words))
    assert changed["policy"] == {
        "defaultAudiences": {"*": "family,contacts", "phones": "me"}, "allowedAudiences": {"phones": "family,everyone"},
        "applicationCollections": ["notes", "phones"], "writersOfOthers": "anyone", "createsUnknownPeople": True,
    }
    assert json.loads(directory.run("tenant", "policy", NEW_TENANT)) == changed
    restored = directory.run("tenant", "policy", NEW_TENANT, *(word.split("=")[0] + "=" for word in words))
    assert json.loads(restored) == before


@pytest.mark.parametrize("word", [
    "colour=red", "writersOfOthers=nobody", "createsUnknownPeople=maybe", "defaultAudience=friends",
    "defaultAudience.telegrams=me", "allowedAudiences=unknownFutureValue", "applicationCollections=telegrams",
    "noEquals",
])
def test_a_policy_that_makes_no_sense_is_refused_and_changes_nothing(directory, word):
    before = directory.run("tenant", "policy", demo.TENANT)
    with pytest.raises(AssertionError, match="facet tenant failed"):
        directory.run("tenant", "policy", demo.TENANT, "createsUnknownPeople=true", word)
    assert directory.run("tenant", "policy", demo.TENANT) == before


def test_the_default_audience_is_that_of_the_tenant_and_of_a_collection(clients, policy):
    owner = clients["owner"]

    def defaults() -> tuple[str, str]:
        return tuple(created(owner, f"/beta/me/profile/{name}")["allowedAudiences"] for name in ("phones", "emails"))

    assert defaults() == ("organization", "organization")
    policy(defaultAudience="family")
    assert defaults() == ("family", "family")
    policy(defaultAudience__emails="me")
    assert defaults() == ("family", "me")
    policy(defaultAudience="")
    assert defaults() == ("organization", "me")
    assert created(owner, "/beta/me/profile/emails", allowedAudiences="everyone")["allowedAudiences"] == "everyone"


def test_the_default_audience_of_relationships_is_me(clients):
    assert created(clients["owner"], "/beta/me/profile/relationships", displayName="x")["allowedAudiences"] == "me"


def test_a_mask_of_one_collection_is_of_that_collection(clients, policy):
    def statuses() -> list[int]:
        return [clients["colleague"].get(f"{PROFILE}/{name}/all").status_code for name in ("phones", "emails")]

    assert statuses() == [200, 200]
    policy(allowedAudiences__phones="family")
    assert statuses() == [404, 200]
    for name in ("owner", "application"):
        assert clients[name].get(f"{PROFILE}/phones/all").status_code == 200
        answer = clients[name].post(f"{PROFILE}/phones", json={"allowedAudiences": "organization"})
        refused(answer, 403, "ErrorAccessDeniedForRole")
        assert clients[name].post(f"{PROFILE}/emails", json={"allowedAudiences": "organization"}).status_code == 201


def test_a_default_beyond_the_mask_is_what_the_mask_leaves_of_it(clients, policy):
    def default() -> str:
        return created(clients["owner"], "/beta/me/profile/notes")["allowedAudiences"]

    policy(allowedAudiences="family,contacts")
    assert default() == "me"
    policy(defaultAudience="contacts,everyone")
    assert default() == "contacts"


def test_applications_write_the_collections_of_the_policy_and_read_all(clients, policy):
    def statuses(client: str) -> list[int]:
        return [clients[client].post(f"{PROFILE}/{name}", json={}).status_code for name in ("phones", "emails")]

    for value, expected in (("all", [201, 201]), ("phones,notes", [201, 403]), ("none", [403, 403]), ("", [201, 201])):
        policy(applicationCollections=value)
        assert statuses("application") == expected, value
        assert statuses("administrator") == statuses("owner") == [201, 201]
        read = [clients["application"].get(f"{PROFILE}/{name}").status_code for name in ("phones", "emails")]
        assert read == [200, 200]
        if expected[1] == 403:
            for method in ("PATCH", "DELETE"):
                answer = clients["application"].request(method, f"{PROFILE}/emails/all", headers=JSON, content="{}")
                refused(answer, 403, "ErrorAccessDeniedForRole")


def test_who_may_write_others_is_decided_by_the_policy(clients, policy):
    path = f"{PROFILE}/phones/all"
    for value, expected in (("administrators", 403), ("anyone", 200)):
        policy(writersOfOthers=value)
        assert clients["colleague"].patch(path, json={"number": "2"}).status_code == expected
        assert clients["administrator"].patch(path, json={"number": "2"}).status_code == 200


def test_a_group_can_be_that_of_the_administrators(directory, clients, policy):
    path = f"{PROFILE}/phones/all"
    policy(writersOfOthers="administrators")
    answer = clients["colleague"].patch(path, json={"number": "2"})
    assert "administrator" in refused(answer, 403, "ErrorAccessDeniedForRole")
    policy(administrators=TEAM)
    assert clients["colleague"].patch(path, json={"number": "2"}).status_code == 200
    with directory.caller("--app", demo.APPLICATION, "--roles", "Group.ReadWrite.All") as client:
        body = {"@odata.id": f"{directory.http}/beta/users/{PARTNER}"}
        refused(client.post(f"/beta/groups/{TEAM}/members/$ref", json=body), 403, "Authorization_RequestDenied")
        refused(client.patch(f"/beta/groups/{TEAM}", json={"displayName": "x"}), 403, "Authorization_RequestDenied")
        refused(client.delete(f"/beta/groups/{TEAM}"), 403, "Authorization_RequestDenied")
    policy(administrators="")
    assert clients["colleague"].patch(path, json={"number": "2"}).status_code == 403


def test_people_who_are_unknown_are_created_where_the_policy_says_so(directory, policy):
    policy(createsUnknownPeople="false")
    with directory.caller("--user", UNKNOWN, "--scopes", "User.Read") as client:
        refused(client.get("/beta/me"), 404, "Request_ResourceNotFound")
        policy(createsUnknownPeople="true")
        assert client.get("/beta/me").json()["id"] == UNKNOWN


def test_a_refusal_names_what_would_suffice(directory, clients, policy):
    with directory.caller("--user", COLLEAGUE, "--scopes", "User.Read") as client:
        message = refused(client.get(f"{PROFILE}/phones"), 403, "ErrorInsufficientPermissionsInAccessToken")
        assert "User.Read.All" in message
        message = refused(client.get("/beta/groups"), 403, "Authorization_RequestDenied")
        assert "Group.Read.All" in message
        message = refused(client.get(f"{PROFILE}/changes"), 403, "ErrorAccessDeniedForRole")
        assert "User.Read.All" in message and "owner" in message
    with directory.caller("--user", COLLEAGUE, "--scopes", "User.Read.All") as client:
        answer = client.patch(f"{PROFILE}/phones/all", json={})
        message = refused(answer, 403, "ErrorInsufficientPermissionsInAccessToken")
        assert "User.ReadWrite.All" in message
    answer = clients["colleague"].post(f"{PROFILE}/relationships", json={"displayName": "x"})
    assert refused(answer, 403, "ErrorAccessDeniedForRole")
    policy(allowedAudiences="family")
    answer = clients["owner"].post("/beta/me/profile/phones", json={"allowedAudiences": "organization"})
    assert "family" in refused(answer, 403, "ErrorAccessDeniedForRole")


# Import and export


POLICY = {"defaultAudiences": {"*": "family", "notes": "me"}}
LINES = [
    settings(FEDERATED_TENANT, name="Partners", policy={"writersOfOthers": "anyone"}, federatedWith=[UNRELATED_TENANT]),
    settings(demo.TENANT, name="Home", policy=POLICY, federatedWith=[FEDERATED_TENANT]),
    settings(UNRELATED_TENANT, name="Others"),
    person(OWNER, "Owner"), person(COLLEAGUE, "Colleague"), person(PARTNER, "Partner", FEDERATED_TENANT),
    group(TEAM, "Team", description="Those", mailNickname="team", mailEnabled=False, securityEnabled=True),
    member(TEAM, OWNER), member(TEAM, COLLEAGUE),
    item(OWNER, "phones", id="one", number="1", allowedAudiences="groupMembers"),
    item(OWNER, "relationships", id="kin", userId=COLLEAGUE, relationship="sibling", displayName="Col"),
]


def imported(place, text: str) -> str:
    """What an empty data directory exports after an import."""
    facet("import", "--data", place, given=text)
    return facet("export", "--data", place)


def test_what_is_exported_can_be_imported_and_is_exported_the_same(tmp_path):
    first = imported(tmp_path / "first", "".join(json.dumps(line) + "\n" for line in LINES))
    second = imported(tmp_path / "second", first)
    assert second == first
    assert imported(tmp_path / "second", first) == first
    lines = [json.loads(line) for line in first.splitlines()]
    for known in (member(TEAM, OWNER), member(TEAM, COLLEAGUE)):
        assert known in lines
    assert next(line for line in lines if "group" in line)["group"]["description"] == "Those"
    found = {line["tenant"]: line["settings"] for line in lines if "settings" in line}
    assert found[demo.TENANT]["federatedWith"] == [FEDERATED_TENANT]
    assert found[demo.TENANT]["policy"] == POLICY
    assert (found[FEDERATED_TENANT]["name"], found[UNRELATED_TENANT]["name"]) == ("Partners", "Others")


@pytest.mark.parametrize("line", [
    group(TEAM, "Team", colour="red"), {"tenant": demo.TENANT, "group": {"displayName": "x"}}, member(UNKNOWN, OWNER),
    member(TEAM, UNKNOWN), member(TEAM, PARTNER), settings(demo.TENANT, policy={"colour": "red"}),
    settings(demo.TENANT, policy={"writersOfOthers": "nobody"}), settings(demo.TENANT, colour="red"),
    settings(demo.TENANT, policy={"defaultAudiences": {"telegrams": "me"}}),
    settings(demo.TENANT, policy={"applicationCollections": ["telegrams"]}),
], ids=json.dumps)
def test_a_bad_line_is_reported_with_its_number_and_nothing_is_imported(tmp_path, line):
    text = "".join(json.dumps(one) + "\n" for one in [*LINES, line])
    with pytest.raises(AssertionError, match=str(len(LINES) + 1)):
        facet("import", "--data", tmp_path, given=text)
    assert OWNER not in facet("export", "--data", tmp_path)


@pytest.mark.parametrize("who", [OWNER, f"{OWNER}@facet.example"], ids=["id", "name"])
def test_all_that_is_held_of_one_person_can_be_exported(directory, clients, who):
    made = created(clients["owner"], "/beta/me/profile/notes", displayName="Mine")
    text = directory.run("export", "--user", who)
    lines = [json.loads(line) for line in text.splitlines()]
    assert [line["user"]["id"] for line in lines if "user" in line] == [OWNER]
    items = {(line["collection"], line["item"]["id"]) for line in lines if "item" in line}
    assert {("phones", "partners"), ("emails", "all"), ("notes", made["id"])} <= items
    assert sum("created" in line and made["id"] in line for line in text.splitlines()) >= 1
    assert {line["userId"] for line in lines if "item" in line} == {OWNER}
    assert PARTNER not in text and demo.USER not in text


def test_the_memberships_of_a_person_are_exported_with_them(directory):
    lines = [json.loads(line) for line in directory.run("export", "--user", COLLEAGUE).splitlines()]
    assert member(TEAM, COLLEAGUE) in lines


def test_a_person_who_is_not_there_cannot_be_exported(directory):
    with pytest.raises(AssertionError, match="facet export failed"):
        directory.run("export", "--user", demo.STRANGER_ID)


# Personal accounts


@pytest.mark.parametrize("arguments", [
    ("--user", FRIEND, "--scopes", EVERYTHING), ("--user", FRIEND, "--scopes", EVERYTHING, "--administrator"),
    ("--app", demo.APPLICATION, "--roles", EVERYTHING),
], ids=["person", "administrator", "application"])
def test_from_a_personal_account_one_reaches_oneself_only(directory, arguments):
    """Neither the tenant, nor a group, nor an entry of the other, nor an application connects two of them."""
    with directory.caller(*arguments, "--tenant", PERSONAL_TENANT) as client:
        for user in (PRIVATE, OWNER, demo.STRANGER_ID):
            for method, path in (("GET", ""), ("GET", "/everyone"), ("PATCH", "/everyone"), ("DELETE", "/everyone")):
                answer = client.request(
                    method, f"/beta/users/{user}/profile/phones{path}", headers=JSON, content="{}")
                refused(answer, 403, "ErrorInsufficientPermissionsInAccessToken")
        for address in ("/beta/users", "/beta/groups", f"/beta/users/{PRIVATE}"):
            refused(client.get(address), 403, "Authorization_RequestDenied")


def test_of_a_personal_account_others_see_what_is_for_everyone(directory, clients):
    path = f"/beta/users/{PRIVATE}/profile/phones"
    assert listed(clients["colleague"], path) == ["everyone"]
    refused(clients["application"].get(path), 404, "Request_ResourceNotFound")
    with directory.caller("--user", PRIVATE, "--scopes", "User.Read", "--tenant", PERSONAL_TENANT) as client:
        assert len(listed(client, path)) == len(listed(client, "/beta/me/profile/phones")) == 4
