"""Who stands near whom, through the official SDK and over plain HTTP, and what an organisation decides about its people."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from kiota_abstractions.base_request_configuration import RequestConfiguration
from msgraph_beta.generated.models.o_data_errors.o_data_error import ODataError
from msgraph_beta.generated.models.profile_card_property import ProfileCardProperty
from msgraph_beta.generated.models.profile_property_setting import ProfilePropertySetting
from msgraph_beta.generated.models.profile_source import ProfileSource
from msgraph_beta.generated.models.profile_source_localization import ProfileSourceLocalization
from msgraph_beta.generated.models.pronouns_settings import PronounsSettings
from msgraph_beta.generated.users.item.people.people_request_builder import PeopleRequestBuilder

import demo
from graph_client import StaticToken, graph_client
from http_calls import listed, pages, refused, url
from running_server import RunningServer
from seeding import FEDERATED_TENANT, group, identifier, item, member, person, write

ANN, BOB, CY, DAN, EVA, FAR, FOREIGNER = (identifier(place) for place in range(1, 8))
TEAM, CREW, CROWD = (identifier(place) for place in range(10, 13))
CROWD_SIZE = 101
VERSIONS = ["beta", "v1.0"]
SETTINGS = ("--app", demo.APPLICATION, "--roles", "PeopleSettings.ReadWrite.All")


def seed() -> list[dict]:
    """Ann shares two groups with Bob and one with Cy, lists Dan, and worked with Eva; the crowd is too large to say anything."""
    return [
        person(ANN, "Ann"), person(BOB, "Bob", mail="bob@contoso.example", mobilePhone="0123 456"), person(CY, "Cy"),
        person(DAN, "Dan"), person(EVA, "Eva"), person(FAR, "Far"), person(FOREIGNER, "Foreigner", FEDERATED_TENANT),
        *(person(identifier(1_000 + place), f"Crowd {place}") for place in range(CROWD_SIZE)),
        group(TEAM, "Team"), group(CREW, "Crew"), group(CROWD, "Crowd"),
        *(member(TEAM, user) for user in (ANN, BOB, CY)), *(member(CREW, user) for user in (ANN, BOB)),
        *(member(CROWD, identifier(1_000 + place)) for place in range(CROWD_SIZE)), member(CROWD, ANN),
        item(ANN, "relationships", userId=DAN, relationship="friend", allowedAudiences="me"),
        item(ANN, "relationships", userId=FOREIGNER, relationship="friend", allowedAudiences="me"),
        item(ANN, "projects", displayName="Apollo", colleagues=[{"userId": EVA}], allowedAudiences="me"),
        item(CY, "projects", displayName="APOLLO", allowedAudiences="organization"),
        item(BOB, "projects", displayName="Apollo", allowedAudiences="me"),
        item(CY, "skills", displayName="Welding under water", allowedAudiences="organization"),
        item(BOB, "skills", displayName="Welding in secret", allowedAudiences="me"),
        item(EVA, "languages", displayName="Polish", tag="pl", allowedAudiences="organization"),
    ]


@pytest.fixture(scope="module")
def directory(tmp_path_factory) -> Iterator[RunningServer]:
    place = tmp_path_factory.mktemp("people")
    running = RunningServer(place, "--seed", str(write(place / "seed.ndjson", seed())))
    yield running
    running.stop()


def asking(directory: RunningServer, scopes: str, user: str = ANN) -> httpx.Client:
    return directory.caller("--user", user, "--scopes", scopes)


# People nearby


@pytest.mark.parametrize("version", VERSIONS)
def test_the_nearest_come_first_by_what_the_token_may_read(directory, version):
    with asking(directory, "People.Read") as plain, asking(directory, "People.Read User.Read.All") as reader:
        # 40 for the list, 30 for a colleague, 10 for each group.
        assert listed(plain, f"/{version}/me/people") == [DAN, EVA, BOB, CY]
        # Cy's visible project counts 20; Bob's is hidden.
        assert listed(reader, f"/{version}/me/people") == [DAN, CY, EVA, BOB]
        found = plain.get(f"/{version}/me/people?$search=bob").json()["value"]
        assert [one["scoredEmailAddresses"] for one in found] == [
            [{"address": "bob@contoso.example", "relevanceScore": 20}]]
        assert "0123" not in plain.get(f"/{version}/me/people").text
        assert plain.get(f"/{version}/me/people/$count").text == "4"


def test_of_others_only_what_is_visible_counts(directory):
    path = f"/v1.0/users/{ANN}/people"
    with asking(directory, "People.Read.All User.Read.All", FAR) as colleague:
        assert listed(colleague, path) == [BOB, CY]
    with directory.caller("--app", demo.APPLICATION, "--roles", "People.Read.All User.Read.All") as application:
        assert listed(application, path) == [BOB, DAN, CY, EVA]
    with directory.caller("--app", demo.APPLICATION, "--roles", "People.Read.All") as application:
        assert listed(application, path) == [BOB, CY]
    with directory.caller(
            "--user", FOREIGNER, "--scopes", "People.Read.All User.Read.All", "--tenant", FEDERATED_TENANT) as foreigner:
        refused(foreigner.get(path), 404, "Request_ResourceNotFound")


def test_somebody_who_leaves_a_group_is_no_longer_near(directory):
    reference = {"@odata.id": f"https://graph.microsoft.com/v1.0/users/{FAR}"}
    with directory.caller("--app", demo.APPLICATION, "--roles", "Group.ReadWrite.All") as writer, \
            asking(directory, "People.Read") as plain:
        assert writer.post(f"/v1.0/groups/{TEAM}/members/$ref", json=reference).status_code == 204
        assert FAR in listed(plain, "/v1.0/me/people")
        assert writer.delete(f"/v1.0/groups/{TEAM}/members/{FAR}/$ref").status_code == 204
        assert FAR not in listed(plain, "/v1.0/me/people")


def test_a_search_finds_names_and_with_a_prefix_visible_items(directory):
    with asking(directory, "People.Read") as plain, asking(directory, "People.Read User.Read.All") as reader:
        assert listed(plain, url("/v1.0/me/people", search="dan OR eva")) == [DAN, EVA]
        assert listed(plain, url("/v1.0/me/people", search='"displayName:bob"')) == [BOB]
        assert listed(plain, url("/v1.0/me/people", search="far")) == []
        for search, found in (
                ("skill:welding", [CY]), ('"skill:welding under"', [CY]), ("language:pl", [EVA]),
                ("project:apollo", [CY]), ("skill:welding OR language:polish", [CY, EVA])):
            assert listed(reader, url("/v1.0/me/people", search=search)) == found, search
            message = refused(
                plain.get(url("/v1.0/me/people", search=search)), 403, "ErrorInsufficientPermissionsInAccessToken")
            assert "User.Read.All" in message
        wide = " OR ".join(f"skill:{number}" for number in range(9))
        refused(reader.get(url("/v1.0/me/people", search=wide)), 400, "BadRequest")


def test_pages_filters_and_orders_apply(directory):
    with asking(directory, "People.Read") as plain:
        assert [len(page["value"]) for page in pages(plain, url("/v1.0/me/people", top=3))] == [3, 1]
        assert listed(plain, url("/v1.0/me/people", top=1)) == [DAN, EVA, BOB, CY]
        assert listed(plain, url("/v1.0/me/people", orderby="displayName desc")) == [EVA, DAN, CY, BOB]
        assert listed(plain, url("/v1.0/me/people", filter="startswith(displayName,'b')")) == [BOB]
        assert plain.get(url("/v1.0/me/people", count="true", top=1)).json()["@odata.count"] == 4


@pytest.mark.parametrize("permission", [
    "User.Read", "User.Read.All", "User.ReadWrite.All", "Group.Read.All", "PeopleSettings.Read.All"])
def test_no_other_permission_lists_people_nearby(directory, permission):
    with asking(directory, permission) as client:
        message = refused(client.get("/v1.0/me/people"), 403, "ErrorInsufficientPermissionsInAccessToken")
        assert "People.Read, People.Read.All" in message
    with asking(directory, f"People.Read {permission}") as client:
        refused(client.get(f"/v1.0/users/{BOB}/people"), 403, "ErrorInsufficientPermissionsInAccessToken")


@pytest.mark.anyio
async def test_the_sdk_lists_people_nearby(directory):
    token = directory.token("--user", ANN, "--scopes", "People.Read")
    graph = graph_client(f"{directory.http}/beta", StaticToken(token))
    options = PeopleRequestBuilder.PeopleRequestBuilderGetQueryParameters(search="bob", top=5)
    found = (await graph.me().people.get(RequestConfiguration(query_parameters=options))).value
    assert [(one.id, one.display_name, one.is_favorite) for one in found] == [(BOB, "Bob", False)]
    assert [(one.address, one.rank) for one in found[0].email_addresses] == [("bob@contoso.example", 20)]
    assert len((await graph.users.by_user_id(ANN).people.get()).value) == 4


# Settings


@pytest.fixture
def settings(directory) -> Iterator[httpx.Client]:
    """An application that may write settings; what it adds is deleted afterwards."""
    with directory.caller(*SETTINGS) as client:
        yield client
        for name in ("profilePropertySettings", "profileSources", "profileCardProperties"):
            for left in listed(client, f"/beta/admin/people/{name}"):
                assert client.delete(f"/beta/admin/people/{name}/{left}").status_code == 204


@pytest.mark.anyio
async def test_the_sdk_writes_sources_and_their_order(directory, settings):
    people = graph_client(f"{directory.http}/beta", StaticToken(directory.token(*SETTINGS))).admin.people
    made = [
        await people.profile_sources.post(ProfileSource(
            source_id=name, display_name=name.upper(), kind="HR", web_url=f"https://{name}.example/",
            localizations=[ProfileSourceLocalization(language_tag="de", display_name=f"{name} (de)")]))
        for name in ("hr1", "hr2")]
    assert [one.localizations[0].display_name for one in made] == ["hr1 (de)", "hr2 (de)"]
    assert (await people.profile_sources_with_source_id("hr2").get()).id == made[1].id
    changed = await people.profile_sources_with_source_id("hr1").patch(ProfileSource(display_name="People"))
    assert (changed.display_name, changed.kind) == ("People", "HR")
    root = "https://graph.microsoft.com/beta/admin/people/profileSources"
    order = await people.profile_property_settings.post(ProfilePropertySetting(
        prioritized_source_urls=[f"{root}(sourceId='hr2')", f"{root}(sourceId='hr1')"]))
    await people.profile_sources.by_profile_source_id(made[1].id).delete()
    left = await people.profile_property_settings.by_profile_property_setting_id(order.id).get()
    assert left.prioritized_source_urls == [f"{root}(sourceId='hr1')"]
    with pytest.raises(ODataError) as caught:
        await people.profile_property_settings.post(ProfilePropertySetting(prioritized_source_urls=[f"{root}/none"]))
    assert caught.value.response_status_code == 400


@pytest.mark.anyio
async def test_the_sdk_writes_card_properties_and_switches(directory, settings):
    people = graph_client(f"{directory.http}/beta", StaticToken(directory.token(*SETTINGS))).admin.people
    made = await people.profile_card_properties.post(ProfileCardProperty(directory_property_name="Fax"))
    assert made.id == "Fax"
    assert (await people.profile_card_properties.by_profile_card_property_id("fax").get()).id == "Fax"
    assert [one.directory_property_name for one in (await people.profile_card_properties.get()).value] == ["Fax"]
    for is_enabled in (True, False):
        changed = await people.pronouns.patch(PronounsSettings(is_enabled_in_organization=is_enabled))
        assert changed.is_enabled_in_organization is is_enabled
        assert (await people.pronouns.get()).is_enabled_in_organization is is_enabled
    assert (await people.item_insights.get()).is_enabled_in_organization is True
    assert (await people.photo_update_settings.get()).allowed_roles is None
    assert (await people.get()) is not None


@pytest.mark.parametrize(("body", "property_"), [
    ({}, "sourceId"), ({"sourceId": ""}, "sourceId"), ({"sourceId": "a" * 300}, "sourceId"),
    ({"sourceId": "a", "colour": "red"}, "colour"), ({"sourceId": "a", "localizations": [{}]}, "localizations/languageTag"),
])
def test_an_invalid_source_is_refused_by_its_property(settings, body, property_):
    answer = settings.post("/v1.0/admin/people/profileSources", json=body)
    assert answer.status_code == 400 and answer.json()["error"]["target"] == property_, answer.text
    assert listed(settings, "/v1.0/admin/people/profileSources") == []


def test_a_person_needs_the_role_of_an_administrator(directory):
    path = "/v1.0/admin/people/pronouns"
    scopes = "PeopleSettings.ReadWrite.All"
    with asking(directory, scopes) as plain:
        refused(plain.get(path), 403, "ErrorAccessDeniedForRole")
        refused(plain.patch(path, json={"isEnabledInOrganization": True}), 403, "ErrorAccessDeniedForRole")
    with directory.caller("--user", ANN, "--scopes", scopes, "--administrator") as administrator:
        assert administrator.get(path).json()["isEnabledInOrganization"] is False
    with directory.caller("--app", demo.APPLICATION, "--roles", "PeopleSettings.Read.All") as reader:
        refused(reader.patch(path, json={}), 403, "ErrorInsufficientPermissionsInAccessToken")


def test_settings_of_one_tenant_are_not_those_of_another(directory, settings):
    assert settings.post("/beta/admin/people/profileSources", json={"sourceId": "hr"}).status_code == 201
    with directory.caller(*SETTINGS, "--tenant", FEDERATED_TENANT) as other:
        assert listed(other, "/beta/admin/people/profileSources") == []
        refused(other.get("/beta/admin/people/profileSources(sourceId='hr')"), 404, "Request_ResourceNotFound")
