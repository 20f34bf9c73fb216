"""Groups and who is in them, through the official SDK and over plain HTTP."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from kiota_abstractions.base_request_configuration import RequestConfiguration
from msgraph_beta.generated.directory_objects.get_by_ids.get_by_ids_post_request_body import GetByIdsPostRequestBody
from msgraph_beta.generated.groups.groups_request_builder import GroupsRequestBuilder
from msgraph_beta.generated.models.group import Group
from msgraph_beta.generated.models.o_data_errors.o_data_error import ODataError
from msgraph_beta.generated.models.reference_create import ReferenceCreate
from msgraph_beta.generated.models.user import User
from msgraph_beta.generated.users.item.get_member_groups.get_member_groups_post_request_body import (
    GetMemberGroupsPostRequestBody,
)

import demo
from graph_client import StaticToken, graph_client
from http_calls import listed, refused, url
from running_server import RunningServer
from seeding import FEDERATED_TENANT, group, identifier, item, member, person, write

ANNA, BELA, CLEO, FOREIGNER, FOREIGN_GROUP = (identifier(place) for place in range(1, 6))
PHONE = f"/beta/users/{ANNA}/profile/phones/shared"
GROUP_WRITER = ("--app", demo.APPLICATION, "--roles", "Group.ReadWrite.All")
VERSIONS = ["beta", "v1.0"]


@pytest.fixture(scope="module")
def directory(tmp_path_factory) -> Iterator[RunningServer]:
    """Three people of one tenant, and one of another with a group of theirs."""
    place = tmp_path_factory.mktemp("groups")
    running = RunningServer(place, "--seed", str(write(place / "seed.ndjson", [
        person(ANNA, "Anna", jobTitle="Engineer"), person(BELA, "Bela"), person(CLEO, "Cleo"),
        person(FOREIGNER, "Foreigner", FEDERATED_TENANT),
        item(ANNA, "phones", id="shared", number="1", allowedAudiences="groupMembers"),
        group(FOREIGN_GROUP, "Foreign", FEDERATED_TENANT), member(FOREIGN_GROUP, FOREIGNER),
    ])))
    yield running
    running.stop()


@pytest.fixture
def writer(directory) -> Iterator[httpx.Client]:
    """An application that may write groups; the groups that it creates are deleted afterwards."""
    with directory.caller(*GROUP_WRITER) as client:
        yield client
        for left in listed(client, "/beta/groups"):
            assert client.delete(f"/beta/groups/{left}").status_code == 204


@pytest.fixture
def as_bela(directory) -> Iterator[httpx.Client]:
    with directory.caller("--user", BELA, "--scopes", "User.Read User.Read.All Group.Read.All") as client:
        yield client


def made(writer: httpx.Client, name: str = "Team", *members: str, **properties: object) -> str:
    """The id of a new group."""
    answer = writer.post("/beta/groups", json={"displayName": name, **properties})
    assert answer.status_code == 201, answer.text
    for user in members:
        assert add(writer, answer.json()["id"], user).status_code == 204
    return answer.json()["id"]


def add(client: httpx.Client, group_id: str, user: str, kind: str = "directoryObjects") -> httpx.Response:
    reference = {"@odata.id": f"https://graph.microsoft.com/beta/{kind}/{user}"}
    return client.post(f"/beta/groups/{group_id}/members/$ref", json=reference)


def remove(client: httpx.Client, group_id: str, user: str) -> httpx.Response:
    return client.delete(f"/beta/groups/{group_id}/members/{user}/$ref")


# The official SDK


@pytest.mark.anyio
@pytest.mark.parametrize("version", VERSIONS)
async def test_the_sdk_makes_reads_changes_and_deletes_a_group(directory, writer, version):
    graph = graph_client(f"{directory.http}/{version}", StaticToken(directory.token(*GROUP_WRITER)))
    sent = Group(display_name="Library", description="Readers", mail_enabled=False, mail_nickname="library",
                 security_enabled=True, group_types=[])
    new = await graph.groups.post(sent)
    assert isinstance(new, Group) and new.id and new.created_date_time is not None
    read = await graph.groups.by_group_id(new.id).get()
    assert (read.display_name, read.description, read.mail_nickname) == ("Library", "Readers", "library")
    assert (read.mail_enabled, read.security_enabled, read.group_types) == (False, True, [])
    await graph.groups.by_group_id(new.id).patch(Group(description="Those who read"))
    assert (await graph.groups.by_group_id(new.id).get()).description == "Those who read"
    assert [one.id for one in (await graph.groups.get()).value] == [new.id]
    await graph.groups.by_group_id(new.id).delete()
    with pytest.raises(ODataError) as caught:
        await graph.groups.by_group_id(new.id).get()
    assert caught.value.response_status_code == 404


@pytest.mark.anyio
@pytest.mark.parametrize("version", VERSIONS)
async def test_the_sdk_adds_lists_and_removes_members(directory, writer, version):
    roles = ("--app", demo.APPLICATION, "--roles", "Group.ReadWrite.All User.ReadBasic.All")
    graph = graph_client(f"{directory.http}/{version}", StaticToken(directory.token(*roles)))
    team = graph.groups.by_group_id(made(writer))
    base = f"{directory.http}/{version}"
    for reference in (f"{base}/directoryObjects/{ANNA}", f"{base}/users/{BELA}"):
        await team.members.ref.post(ReferenceCreate(odata_id=reference))
    found = (await team.members.get()).value
    assert all(isinstance(one, User) for one in found)
    assert {one.id: one.display_name for one in found} == {ANNA: "Anna", BELA: "Bela"}
    await team.members.by_directory_object_id(ANNA).ref.delete()
    assert [one.id for one in (await team.members.get()).value] == [BELA]


@pytest.mark.anyio
async def test_the_sdk_lists_the_groups_of_a_person(directory, writer):
    team = made(writer, "Team", ANNA, BELA)
    scopes = ("--user", BELA, "--scopes", "User.Read User.Read.All Group.Read.All")
    graph = graph_client(f"{directory.http}/beta", StaticToken(directory.token(*scopes)))
    for person_ in (graph.me(), graph.users.by_user_id(BELA), graph.users.by_user_id(ANNA)):
        found = (await person_.member_of.get()).value
        assert [(type(one), one.id, one.display_name) for one in found] == [(Group, team, "Team")]
    assert (await graph.users.by_user_id(CLEO).member_of.get()).value == []


@pytest.mark.anyio
async def test_the_sdk_filters_and_orders_groups(directory, writer):
    for name in ("Red", "Green", "Rose"):
        made(writer, name)
    graph = graph_client(f"{directory.http}/beta", StaticToken(directory.token(*GROUP_WRITER)))
    options = GroupsRequestBuilder.GroupsRequestBuilderGetQueryParameters(
        filter="startswith(displayName,'R')", orderby=["displayName desc"], count=True, select=["id", "displayName"])
    answer = await graph.groups.get(request_configuration=RequestConfiguration(query_parameters=options))
    assert [one.display_name for one in answer.value] == ["Rose", "Red"]
    assert answer.odata_count == 2
    assert await graph.groups.count.get() == 3


# Who may


@pytest.mark.parametrize(("arguments", "reads", "writes"), [
    (("--app", demo.APPLICATION, "--roles", "Group.ReadWrite.All"), 200, 201),
    (("--app", demo.APPLICATION, "--roles", "Group.Read.All"), 200, 403),
    (("--app", demo.APPLICATION, "--roles", "User.ReadWrite.All"), 403, 403),
    (("--user", ANNA, "--scopes", "Group.ReadWrite.All", "--administrator"), 200, 201),
    (("--user", ANNA, "--scopes", "Group.ReadWrite.All"), 200, 403),
    (("--user", ANNA, "--scopes", "Group.Read.All", "--administrator"), 200, 403),
    (("--user", ANNA, "--scopes", "Group.Read.All"), 200, 403),
    (("--user", ANNA, "--scopes", "User.ReadWrite.All", "--administrator"), 403, 403),
], ids=lambda value: " ".join(value[2:]).strip("-") + value[0] if isinstance(value, tuple) else str(value))
def test_applications_and_administrators_write_groups_and_who_has_the_permission_reads_them(
    directory, writer, arguments, reads, writes,
):
    team = made(writer, "Team", BELA)
    path = f"/beta/groups/{team}"
    with directory.caller(*arguments) as client:
        for address in ("/beta/groups", "/beta/groups/$count", path, f"{path}/members", f"{path}/members/$count",
                        "/v1.0/groups"):
            assert client.get(address).status_code == reads, address
        answers = [
            client.post("/beta/groups", json={"displayName": "New"}), client.patch(path, json={"description": "x"}),
            add(client, team, ANNA), remove(client, team, ANNA), client.delete(path),
        ]
    expected = [201, 204, 204, 204, 204] if writes == 201 else [403] * 5
    assert [answer.status_code for answer in answers] == expected
    for answer in answers if writes == 403 else []:
        message = refused(answer, 403, "Authorization_RequestDenied")
        assert "administrator" in message or "Group.ReadWrite.All" in message


def test_an_administrator_is_named_where_only_one_may_write(directory, writer):
    with directory.caller("--user", ANNA, "--scopes", "Group.ReadWrite.All") as client:
        message = refused(client.post("/beta/groups", json={"displayName": "x"}), 403, "Authorization_RequestDenied")
    assert "administrator" in message


def test_a_group_of_another_tenant_does_not_exist(directory, writer):
    assert FOREIGN_GROUP not in listed(writer, "/beta/groups")
    for address in (FOREIGN_GROUP, f"{FOREIGN_GROUP}/members", f"{FOREIGN_GROUP}/members/$count"):
        refused(writer.get(f"/beta/groups/{address}"), 404, "Request_ResourceNotFound")
    refused(writer.patch(f"/beta/groups/{FOREIGN_GROUP}", json={"description": "x"}), 404, "Request_ResourceNotFound")
    refused(add(writer, FOREIGN_GROUP, ANNA), 404, "Request_ResourceNotFound")
    refused(add(writer, FOREIGN_GROUP, FOREIGNER), 404, "Request_ResourceNotFound")
    refused(remove(writer, FOREIGN_GROUP, FOREIGNER), 404, "Request_ResourceNotFound")
    refused(writer.delete(f"/beta/groups/{FOREIGN_GROUP}"), 404, "Request_ResourceNotFound")


# Requests and responses


def test_a_group_has_the_properties_of_graph(writer):
    sent = {
        "displayName": "Team", "description": "All of us", "mail": "team@contoso.example", "mailNickname": "team",
        "mailEnabled": True, "securityEnabled": False, "groupTypes": ["Unified"], "visibility": "Private",
    }
    answer = writer.post("/beta/groups", json=sent)
    assert answer.status_code == 201, answer.text
    read = writer.get(answer.headers["Location"]).json()
    assert read == answer.json() and read["createdDateTime"]
    assert {name: read[name] for name in sent} == sent
    assert read["@odata.context"].endswith("/beta/$metadata#groups/$entity")
    assert writer.patch(f"/beta/groups/{read['id']}", json={"visibility": "Public"}).status_code == 204
    assert writer.get(answer.headers["Location"]).json()["visibility"] == "Public"


@pytest.mark.parametrize("body", [
    {}, {"description": "nameless"}, {"displayName": None}, {"displayName": "x", "colour": 1},
])
def test_a_group_needs_a_name_and_takes_nothing_unknown(writer, body):
    assert writer.post("/beta/groups", json=body).status_code == 400
    assert listed(writer, "/beta/groups") == []


@pytest.mark.parametrize("version", VERSIONS)
def test_groups_are_paged_filtered_searched_and_counted(writer, version):
    names = {made(writer, f"Team {number}", mailNickname=f"nick{number % 3}"): f"Team {number}" for number in range(10)}
    path = f"/{version}/groups"
    assert sorted(listed(writer, url(path, top=3))) == sorted(names)
    assert listed(writer, url(path, top=1, orderby="displayName desc"), "displayName") == sorted(names.values())[::-1]
    assert writer.get(f"{path}/$count").text == "10"
    assert writer.get(url(f"{path}/$count", filter="mailNickname eq 'nick1'")).text == "3"
    found = writer.get(url(path, filter="mailNickname eq 'nick0'", count="true", top=2)).json()
    assert (len(found["value"]), found["@odata.count"]) == (2, 4)
    assert listed(writer, url(path, search='"displayName:Team 7"'), "displayName") == ["Team 7"]
    assert "nonsense" in refused(writer.get(url(path, filter="nonsense eq 1")), 400, "BadRequest")


def test_members_are_paged_and_counted(writer):
    team = made(writer, "Team", ANNA, BELA, CLEO)
    assert sorted(listed(writer, url(f"/beta/groups/{team}/members", top=1))) == [ANNA, BELA, CLEO]
    assert writer.get(f"/v1.0/groups/{team}/members/$count").text == "3"
    assert {one["@odata.type"] for one in writer.get(f"/beta/groups/{team}/members").json()["value"]} == {
        "#microsoft.graph.user"}


def test_memberships_are_paged_and_counted(writer, as_bela):
    teams = [made(writer, f"Team {number}", BELA) for number in range(4)]
    for person_ in ("me", f"users/{BELA}"):
        assert sorted(listed(as_bela, url(f"/beta/{person_}/memberOf", top=3))) == sorted(teams)
        assert as_bela.get(f"/v1.0/{person_}/memberOf/$count").text == "4"


@pytest.mark.parametrize("kind", ["directoryObjects", "users"])
def test_who_is_in_cannot_be_added_again_and_who_is_not_cannot_be_removed(writer, kind):
    team = made(writer)
    assert add(writer, team, ANNA, kind).status_code == 204
    refused(add(writer, team, ANNA, kind), 400, "Request_BadRequest")
    assert listed(writer, f"/beta/groups/{team}/members") == [ANNA]
    answer = remove(writer, team, ANNA)
    assert (answer.status_code, answer.content) == (204, b"")
    refused(remove(writer, team, ANNA), 404, "Request_ResourceNotFound")


def test_only_people_of_the_tenant_can_be_members(writer):
    team = made(writer)
    for user in (demo.STRANGER_ID, FOREIGNER):
        refused(add(writer, team, user), 404, "Request_ResourceNotFound")
        refused(add(writer, team, user, "users"), 404, "Request_ResourceNotFound")
        refused(remove(writer, team, user), 404, "Request_ResourceNotFound")
    refused(add(writer, demo.STRANGER_ID, ANNA), 404, "Request_ResourceNotFound")
    assert listed(writer, f"/beta/groups/{team}/members") == []


@pytest.mark.parametrize("body", [
    {}, {"@odata.id": 1}, {"@odata.id": "x"}, {"@odata.id": f"http://h/beta/sites/{ANNA}"},
])
def test_a_reference_that_names_no_person_is_refused(writer, body):
    team = made(writer)
    assert writer.post(f"/beta/groups/{team}/members/$ref", json=body).status_code == 400
    assert listed(writer, f"/beta/groups/{team}/members") == []


def test_who_may_read_groups_and_no_people_learns_only_who_is_in(writer):
    """As on Graph: members of a kind that the token does not cover are their ids."""
    team = made(writer, "Team", ANNA)
    found = writer.get(f"/beta/groups/{team}/members").json()["value"]
    assert [{name for name, value in one.items() if value not in (None, [])} for one in found] == [
        {"@odata.type", "id"}]
    for query in ({"filter": "displayName eq 'Anna'"}, {"filter": "displayName ne null"}, {"search": "anna"}):
        assert listed(writer, url(f"/beta/groups/{team}/members", **query)) == []
        assert writer.get(url(f"/beta/groups/{team}/members/$count", **query)).text == "0"


def test_who_may_read_names_of_people_cannot_ask_members_for_more(directory, writer):
    path = f"/beta/groups/{made(writer, 'Team', ANNA, BELA)}/members"
    with directory.caller("--user", CLEO, "--scopes", "Group.Read.All User.ReadBasic.All") as client:
        assert listed(client, url(path, orderby="displayName desc"), "displayName") == ["Bela", "Anna"]
        assert listed(client, path, "jobTitle") == [None, None]
        for query in ({"filter": "jobTitle eq 'Engineer'"}, {"search": "engineer"}):
            assert listed(client, url(path, **query)) == []
    with directory.caller("--user", CLEO, "--scopes", "Group.Read.All User.Read.All") as client:
        assert listed(client, url(path, filter="jobTitle eq 'Engineer'")) == [ANNA]


@pytest.mark.parametrize("binding", [
    {"members@odata.bind": "x/users/a"}, {"members@bind": []}, {"memberOf@odata.bind": ["groups/a"]},
    {"Members@odata.bind": []}, {"allowExternalSenders": True}])
def test_a_relation_that_is_not_understood_is_refused(writer, binding):
    answer = writer.post("/beta/groups", json={"displayName": "Team"} | binding)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "RequestBodyRead")


def test_one_request_adds_twenty_members_and_no_more(directory, writer):
    with directory.caller("--app", demo.APPLICATION, "--roles", "User.ReadWrite.All") as client:
        people = [
            client.post("/beta/users", json={"displayName": f"Person {number}"}).json()["id"] for number in range(21)]
    for count, status in ((20, 201), (21, 400)):
        members = [f"https://graph.microsoft.com/v1.0/directoryObjects/{person}" for person in people[:count]]
        body = {"displayName": "Many", "members@odata.bind": members}
        assert writer.post("/beta/groups", json=body).status_code == status


def test_one_request_adds_twenty_owners_and_no_more(writer):
    for count, status in ((1, 201), (21, 400)):
        owners = [f"https://graph.microsoft.com/v1.0/users/{ANNA}"] * count
        body = {"displayName": "Owned", "owners@odata.bind": owners}
        assert writer.post("/beta/groups", json=body).status_code == status


# Groups in groups, and memberships as answers


def nested(writer: httpx.Client) -> tuple[str, str]:
    """Two groups, the second one in the first, with Bela in the second."""
    whole = made(writer, "Whole", securityEnabled=False)
    part = made(writer, "Part", BELA, securityEnabled=True)
    assert add(writer, whole, part, "groups").status_code == 204
    return whole, part


@pytest.mark.anyio
async def test_the_sdk_asks_for_memberships_through_groups(directory, writer):
    whole, part = nested(writer)
    scopes = ("--user", BELA, "--scopes", "User.Read Group.Read.All")
    graph = graph_client(f"{directory.http}/beta", StaticToken(directory.token(*scopes)))
    bela = graph.users.by_user_id(BELA)
    found = (await bela.transitive_member_of.get()).value
    assert {(type(one), one.id) for one in found} == {(Group, whole), (Group, part)}
    assert [one.id for one in (await bela.transitive_member_of.graph_group.get()).value] == sorted([whole, part])
    answer = await bela.get_member_groups.post(GetMemberGroupsPostRequestBody(security_enabled_only=True))
    assert answer.value == [part]
    members = (await graph.groups.by_group_id(whole).transitive_members.get()).value
    assert {(type(one), one.id) for one in members} == {(Group, part), (User, BELA)}
    asked = GetByIdsPostRequestBody(ids=[whole, part, BELA], types=["group"])
    objects = (await graph.directory_objects.get_by_ids.post(asked)).value
    assert [(type(one), one.id, one.display_name) for one in objects] == [(Group, whole, "Whole"), (Group, part, "Part")]


def test_the_requests_of_dex_and_grafana_are_answered(directory, writer):
    """Their own sequences: ids of the groups, then what these are."""
    whole, part = nested(writer)
    with directory.caller("--user", BELA, "--scopes", "User.Read Directory.Read.All") as dex:
        person_ = dex.get("/v1.0/me?$select=id,displayName,userPrincipalName")
        assert person_.json()["id"] == BELA
        ids = dex.post("/v1.0/me/getMemberGroups", json={"securityEnabledOnly": False}).json()["value"]
        assert sorted(ids) == sorted([whole, part])
        found = dex.post("/v1.0/directoryObjects/getByIds", json={"ids": ids, "types": ["group"]})
        assert {one["displayName"] for one in found.json()["value"]} == {"Whole", "Part"}
    with directory.caller("--user", BELA, "--scopes", "User.Read") as grafana:
        answer = grafana.post(f"/v1.0/users/{BELA}/getMemberObjects", json={"securityEnabledOnly": False})
        assert sorted(answer.json()["value"]) == sorted([whole, part])
        assert answer.json()["@odata.context"].endswith("$metadata#Collection(Edm.String)")


def test_oauth2_proxy_follows_the_pages_of_its_groups(directory, writer):
    groups = nested(writer)
    with directory.caller("--user", BELA, "--scopes", "User.Read GroupMember.Read.All") as client:
        client.headers["ConsistencyLevel"] = "eventual"
        assert sorted(listed(client, "/v1.0/me/transitiveMemberOf?$select=id&$top=1")) == sorted(groups)
        secure = "/v1.0/me/transitiveMemberOf?$count=true&$filter=securityEnabled+eq+true&$select=displayName,id"
        assert client.get(secure).json()["@odata.count"] == 1


def test_a_group_in_a_group_shares_nothing_and_makes_no_administrator(directory, writer, as_bela):
    whole, part = nested(writer)
    assert add(writer, whole, ANNA).status_code == 204
    assert as_bela.get(PHONE).status_code == 404
    assert writer.get(f"/beta/groups/{whole}/members/$count").text == "2"
    assert add(writer, part, whole, "groups").status_code == 400
    assert remove(writer, whole, part).status_code == 204
    assert listed(writer, f"/beta/groups/{whole}/members") == [ANNA]


@pytest.mark.parametrize(("ids", "status"), [(20, 200), (21, 400), (0, 400)])
def test_twenty_groups_are_checked_at_once(writer, ids, status):
    body = {"groupIds": [str(number) for number in range(ids)]}
    assert writer.post(f"/v1.0/directoryObjects/{BELA}/checkMemberGroups", json=body).status_code == status


@pytest.mark.parametrize(("ids", "status"), [(1000, 200), (1001, 400), (0, 400)])
def test_a_thousand_objects_are_asked_for_at_once(writer, ids, status):
    body = {"ids": [str(number) for number in range(ids)]}
    assert writer.post("/v1.0/directoryObjects/getByIds", json=body).status_code == status


# The audience groupMembers


def test_an_item_for_groups_is_visible_as_long_as_both_are_in_one(writer, as_bela):
    def status() -> int:
        return as_bela.get(PHONE).status_code

    assert status() == 404
    first, second = made(writer, "First", ANNA, BELA), made(writer, "Second", ANNA)
    assert status() == 200
    assert add(writer, second, BELA).status_code == 204
    assert remove(writer, first, ANNA).status_code == 204
    assert status() == 200
    assert remove(writer, second, BELA).status_code == 204
    assert status() == 404
    assert add(writer, first, ANNA).status_code == 204
    assert status() == 200
    assert writer.delete(f"/beta/groups/{first}").status_code == 204
    assert status() == 404


def test_a_person_who_is_deleted_leaves_their_groups(directory, writer):
    with directory.caller("--app", demo.APPLICATION, "--roles", "User.ReadWrite.All") as people:
        dora = {"displayName": "Dora", "userPrincipalName": "dora@facet.example"}
        user = people.post("/beta/users", json=dora).json()["id"]
        team = made(writer, "Team", ANNA, user)
        assert people.delete(f"/beta/users/{user}").status_code == 204
    assert listed(writer, f"/beta/groups/{team}/members") == [ANNA]
    assert writer.get(f"/beta/groups/{team}/members/$count").text == "1"
