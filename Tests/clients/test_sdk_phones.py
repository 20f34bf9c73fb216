"""The phone's whole life through the official SDK: as oneself, and by principal name."""

from __future__ import annotations

import pytest
from kiota_abstractions.base_request_configuration import RequestConfiguration
from msgraph_beta.generated.models.allowed_audiences import AllowedAudiences
from msgraph_beta.generated.models.item_phone import ItemPhone
from msgraph_beta.generated.models.o_data_errors.o_data_error import ODataError
from msgraph_beta.generated.models.phone_type import PhoneType

import demo
from graph_client import StaticToken, graph_client, phone

pytestmark = pytest.mark.anyio

PEOPLE = {
    "me": lambda graph: graph.me(),
    "upn": lambda graph: graph.users.by_user_id(demo.UPN),
    "id": lambda graph: graph.users.by_user_id(demo.USER),
}


@pytest.fixture(params=PEOPLE, ids=PEOPLE)
def person(request, graph):
    """The same person, addressed in each way the SDK offers."""
    return PEOPLE[request.param](graph)


async def test_list_shows_the_demo_phone(person):
    answer = await person.profile.phones.get()
    found = {item.id: item for item in answer.value}
    assert found[demo.PHONE].number == demo.NUMBER
    assert answer.odata_next_link is None


async def test_get_gives_every_member(person):
    found = await phone(person, demo.PHONE).get()
    assert isinstance(found, ItemPhone)
    assert found.odata_type == "#microsoft.graph.itemPhone"
    assert found.display_name == "Car Phone"
    assert found.number == demo.NUMBER
    assert found.type == PhoneType.Mobile
    assert found.allowed_audiences == [AllowedAudiences.Me]
    assert found.source.type == ["User"]
    assert found.created_by.user.id == demo.USER
    assert found.created_by.user.display_name == demo.USER_NAME
    assert found.created_date_time.isoformat() == "2020-07-06T06:34:12.229486+00:00"


async def test_create_then_get(person):
    sent = ItemPhone(
        display_name="Desk", number="+1 425 555 0100", type=PhoneType.Business,
        allowed_audiences=AllowedAudiences.Organization)
    made = await person.profile.phones.post(sent)
    assert made.id and made.id != demo.PHONE
    assert made.created_date_time is not None
    assert made.created_by.user.id == demo.USER
    found = await phone(person, made.id).get()
    assert (found.display_name, found.number, found.type) == ("Desk", "+1 425 555 0100", PhoneType.Business)
    assert found.allowed_audiences == [AllowedAudiences.Organization]


async def test_create_without_audience_takes_the_default_of_the_tenant(person):
    made = await person.profile.phones.post(ItemPhone(number="+1 425 555 0101"))
    assert made.allowed_audiences == [AllowedAudiences.Organization]
    assert made.display_name is None and made.type is None


async def test_update_changes_only_what_is_sent(person):
    before = await phone(person, demo.PHONE).get()
    after = await phone(person, demo.PHONE).patch(ItemPhone(number="+7 499 000 00 01"))
    assert after.number == "+7 499 000 00 01"
    assert (after.display_name, after.type) == (before.display_name, before.type)
    assert after.allowed_audiences == before.allowed_audiences
    assert after.created_date_time == before.created_date_time
    assert after.last_modified_date_time > before.last_modified_date_time
    assert (await phone(person, demo.PHONE).get()).number == "+7 499 000 00 01"


async def test_delete_then_get_finds_nothing(person):
    assert await phone(person, demo.PHONE).delete() is None
    with pytest.raises(ODataError) as caught:
        await phone(person, demo.PHONE).get()
    assert caught.value.response_status_code == 404
    answer = await person.profile.phones.get()
    assert demo.PHONE not in [item.id for item in answer.value]


async def test_a_whole_object_that_was_read_can_be_sent_back_with_one_change(person):
    read = await phone(person, demo.PHONE).get()
    read.display_name = "Boat Phone"
    after = await phone(person, demo.PHONE).patch(read)
    assert after.display_name == "Boat Phone"
    assert after.last_modified_date_time > read.last_modified_date_time
    assert after.created_date_time == read.created_date_time
    assert after.created_by.user.id == read.created_by.user.id
    assert after.allowed_audiences == [AllowedAudiences.Me]
    assert (after.number, after.type, after.source.type) == (demo.NUMBER, PhoneType.Mobile, ["User"])


async def test_a_whole_object_that_is_sent_back_unchanged_changes_nothing(person):
    read = await phone(person, demo.PHONE).get()
    after = await phone(person, demo.PHONE).patch(read)
    assert after.additional_data["@odata.etag"] == read.additional_data["@odata.etag"]
    assert after.last_modified_date_time == read.last_modified_date_time


async def test_a_current_etag_lets_the_update_through(person):
    read = await phone(person, demo.PHONE).get()
    configuration = RequestConfiguration()
    configuration.headers.add("If-Match", read.additional_data["@odata.etag"])
    after = await phone(person, demo.PHONE).patch(ItemPhone(number="1"), request_configuration=configuration)
    assert after.number == "1"


async def test_me_and_the_person_are_the_same_resource(graph):
    await phone(graph.me(), demo.PHONE).patch(ItemPhone(number="+7 499 000 00 02"))
    found = await phone(graph.users.by_user_id(demo.UPN), demo.PHONE).get()
    assert found.number == "+7 499 000 00 02"


async def test_the_person_can_be_read(person):
    found = await person.get()
    assert found.id == demo.USER
    assert found.display_name == demo.USER_NAME
    assert found.user_principal_name == demo.UPN


async def test_a_base_url_that_ends_with_a_slash_works(server, delegated):
    graph = graph_client(f"{server.http}/beta/", StaticToken(delegated))
    assert (await phone(graph.me(), demo.PHONE).get()).number == demo.NUMBER


async def test_of_a_colleague_only_what_the_audience_allows_exists(server):
    token = server.user_token("User.Read.All", demo.UPN)
    colleague = graph_client(f"{server.http}/beta", StaticToken(token)).users.by_user_id(demo.OTHER_UPN)
    answer = await colleague.profile.phones.get()
    assert {item.id for item in answer.value} == demo.OTHER_PHONES_FOR_COLLEAGUES
    with pytest.raises(ODataError) as caught:
        await phone(colleague, demo.OTHER_PHONE_FOR_FAMILY).get()
    assert caught.value.response_status_code == 404
