"""Every collection of a profile through the official SDK, with every member that its models know."""

from __future__ import annotations

import datetime
import json
from dataclasses import fields

import pytest
from kiota_abstractions.serialization import Parsable
from msgraph_beta.generated.models.allowed_audiences import AllowedAudiences
from msgraph_beta.generated.models.educational_activity import EducationalActivity
from msgraph_beta.generated.models.inference_data import InferenceData
from msgraph_beta.generated.models.item_address import ItemAddress
from msgraph_beta.generated.models.item_email import ItemEmail
from msgraph_beta.generated.models.item_facet import ItemFacet
from msgraph_beta.generated.models.item_patent import ItemPatent
from msgraph_beta.generated.models.item_phone import ItemPhone
from msgraph_beta.generated.models.item_publication import ItemPublication
from msgraph_beta.generated.models.language_proficiency import LanguageProficiency
from msgraph_beta.generated.models.o_data_errors.o_data_error import ODataError
from msgraph_beta.generated.models.person_annotation import PersonAnnotation
from msgraph_beta.generated.models.person_annual_event import PersonAnnualEvent
from msgraph_beta.generated.models.person_award import PersonAward
from msgraph_beta.generated.models.person_certification import PersonCertification
from msgraph_beta.generated.models.person_data_sources import PersonDataSources
from msgraph_beta.generated.models.person_interest import PersonInterest
from msgraph_beta.generated.models.person_name import PersonName
from msgraph_beta.generated.models.person_website import PersonWebsite
from msgraph_beta.generated.models.profile import Profile
from msgraph_beta.generated.models.project_participation import ProjectParticipation
from msgraph_beta.generated.models.skill_proficiency import SkillProficiency
from msgraph_beta.generated.models.user_account_information import UserAccountInformation
from msgraph_beta.generated.models.web_account import WebAccount
from msgraph_beta.generated.models.work_position import WorkPosition
from msgraph_beta.generated.users.item.profile.profile_request_builder import ProfileRequestBuilder

import demo
from graph_client import StaticToken, graph_client

pytestmark = pytest.mark.anyio

COLLECTIONS = {
    "account": UserAccountInformation,
    "addresses": ItemAddress,
    "anniversaries": PersonAnnualEvent,
    "awards": PersonAward,
    "certifications": PersonCertification,
    "educational_activities": EducationalActivity,
    "emails": ItemEmail,
    "interests": PersonInterest,
    "languages": LanguageProficiency,
    "names": PersonName,
    "notes": PersonAnnotation,
    "patents": ItemPatent,
    "phones": ItemPhone,
    "positions": WorkPosition,
    "projects": ProjectParticipation,
    "publications": ItemPublication,
    "skills": SkillProficiency,
    "web_accounts": WebAccount,
    "websites": PersonWebsite,
}
# Only a directory knows these. A client may send them, as it does with a whole object, and nothing comes of it.
READ_ONLY = {UserAccountInformation: {"age_group", "origin_tenant_info", "user_persona", "user_principal_name"}}
FRESH_USER = "5f0c2d1e-7a34-4b8e-9c66-1d2e3f405162"


class Values:
    """A value for one member, of whatever type the SDK's own deserialiser asks for.

    The deserialisers are the one place where a model says the types of its members at run time. Asking them
    leaves no member out, and a newer SDK with more members needs no change here.
    """

    def __init__(self, name: str, turn: int) -> None:
        self._name = name
        self._turn = turn  # Different turns give different values: 0 to create with, 1 to change to.

    def get_str_value(self) -> str:
        if self._name.endswith("Url"):
            return f"https://{self._name.lower()}.example/{self._turn}?a=b&c=%20"
        return f"{self._name} Łódź 東京 \"{self._turn}\""  # With characters that are mangled first when any are.

    def get_bool_value(self) -> bool:
        return self._turn == 0

    def get_int_value(self) -> int:
        return 3 + self._turn

    def get_float_value(self) -> float:
        return 51.7592 + self._turn

    def get_date_value(self) -> datetime.date:
        return datetime.date(2016 + self._turn, 2, 28 + (self._turn == 0))  # The first one is a leap day.

    def get_enum_value(self, enumeration):
        return list(enumeration)[self._turn % len(enumeration)]

    def get_collection_of_primitive_values(self, kind: type) -> list:
        assert kind is str, f"{self._name} is a collection of {kind}"
        return [self.get_str_value(), "second"]

    def get_object_value(self, model: type):
        return filled(model(), self._turn)

    def get_collection_of_object_values(self, model: type) -> list:
        return [filled(model(), self._turn), filled(model(), self._turn + 1)]


# Each model has these, and the server has its own rules for them.
MEMBERS_OF_EVERY_ITEM = frozenset(ItemFacet().get_field_deserializers())


def filled(model, turn: int):
    """The model with a value in each member of its own, at every depth."""
    for name, read in model.get_field_deserializers().items():
        if name != "@odata.type" and not (isinstance(model, ItemFacet) and name in MEMBERS_OF_EVERY_ITEM):
            read(Values(name, turn))
    return model


def plain(value):
    """Plain values, because models compare by their backing store, which also tracks changes."""
    if isinstance(value, list):
        return [plain(element) for element in value]
    if isinstance(value, Parsable):
        return {member.name: plain(getattr(value, member.name))
                for member in fields(value) if member.name != "backing_store"}
    return value


def own(item) -> dict:
    """The members of the item's own type. In complex ones, `additional_data` is what the SDK does not know."""
    of_every_item = {member.name for member in fields(ItemFacet)}
    return {name: value for name, value in plain(item).items() if name not in of_every_item}


def kept(item) -> dict:
    """What the server keeps of the item's own members."""
    read_only = READ_ONLY.get(type(item), ())
    return {name: None if name in read_only else value for name, value in own(item).items()}


def without_context(item) -> dict:
    """The whole item, but for where it came from: that differs between a creation, a read and a list."""
    whole = plain(item)
    whole["additional_data"].pop("@odata.context", None)
    return whole


def collections(profile: Profile) -> dict[str, list]:
    return {name: getattr(profile, name) for name in COLLECTIONS}


def builder_of_item(builder, item_id: str):
    """`by_item_phone_id` and its like: each builder names its own after the type of its items."""
    [by_id] = [name for name in dir(builder) if name.startswith("by_")]
    return getattr(builder, by_id)(item_id)


def etag(item) -> str:
    return item.additional_data["@odata.etag"]


@pytest.fixture
def profile(graph) -> ProfileRequestBuilder:
    return graph.me().profile


@pytest.fixture(params=COLLECTIONS)
def collection(request) -> str:
    return request.param


@pytest.fixture
def builder(profile, collection):
    return getattr(profile, collection)


@pytest.fixture
def item_type(collection) -> type:
    return COLLECTIONS[collection]


@pytest.fixture
def sent(item_type):
    item = filled(item_type(), turn=0)
    item.allowed_audiences = AllowedAudiences.Contacts  # Not what an item gets that leaves it out.
    item.inference = InferenceData(confidence_score=0.75, user_has_verified_accuracy=False)
    item.is_searchable = False
    item.source = PersonDataSources(type=["Roster"])
    return item


def test_no_collection_of_the_sdk_is_left_out():
    offered = {name for name, member in vars(ProfileRequestBuilder).items() if isinstance(member, property)}
    assert offered == set(COLLECTIONS)


async def test_a_filled_item_is_created_read_and_listed(builder, item_type, sent):
    before = {item.id: without_context(item) for item in (await builder.get()).value}
    made = await builder.post(sent)
    assert type(made) is item_type
    assert own(made) == kept(sent)
    assert made.id
    assert made.odata_type == sent.odata_type
    assert made.allowed_audiences == [AllowedAudiences.Contacts]
    assert plain(made.inference) == plain(sent.inference)
    assert (made.is_searchable, made.source.type) == (False, ["Roster"])
    assert made.created_by.user.id == made.last_modified_by.user.id == demo.USER
    assert made.created_date_time == made.last_modified_date_time
    # A member that the SDK does not know would be here, out of reach of a typed program.
    assert set(made.additional_data) == {"@odata.context", "@odata.etag"}

    found = await builder_of_item(builder, made.id).get()
    assert type(found) is item_type
    assert without_context(found) == without_context(made)
    listed = {item.id: without_context(item) for item in (await builder.get()).value}
    assert listed == {**before, made.id: without_context(made)}


async def test_a_change_of_one_member_changes_only_that_member(builder, item_type, sent):
    last = await builder.post(sent)
    untouched = ("id", "odata_type", "allowed_audiences", "inference", "is_searchable", "source", "created_by",
                 "created_date_time", "last_modified_by")
    values = filled(item_type(), turn=1)
    for name in own(values):
        change = item_type()
        setattr(change, name, getattr(values, name))
        after = await builder_of_item(builder, last.id).patch(change)
        was, is_now = plain(last), plain(after)
        assert [is_now[member] for member in untouched] == [was[member] for member in untouched], name
        if name in READ_ONLY.get(item_type, ()):
            assert without_context(after) == without_context(last), name
        else:
            assert own(after) == {**own(last), name: plain(getattr(values, name))}, name
            assert own(after) != own(last), f"{name} was to get another value"
            assert after.last_modified_date_time >= last.last_modified_date_time
            assert etag(after) != etag(last)
        last = after
    found = await builder_of_item(builder, last.id).get()
    assert without_context(found) == without_context(last)
    assert own(found) == kept(values)


async def test_a_deleted_item_is_gone_and_no_longer_counted(builder, item_type):
    before = await builder.count.get()
    made = await builder.post(item_type())
    assert await builder.count.get() == before + 1
    one = builder_of_item(builder, made.id)
    assert await one.delete() is None
    left = [item.id for item in (await builder.get()).value]
    assert made.id not in left
    assert await builder.count.get() == before == len(left)
    for again in (one.get, one.delete):
        with pytest.raises(ODataError) as caught:
            await again()
        assert caught.value.response_status_code == 404
        assert caught.value.error.code == "UnknownError"


async def test_the_profile_of_a_fresh_person_is_empty(server):
    token = server.user_token("User.ReadWrite", FRESH_USER)
    profile = graph_client(f"{server.http}/beta", StaticToken(token)).me().profile
    read = await profile.get()
    assert isinstance(read, Profile)
    # Not None, over which a program could not loop.
    assert collections(read) == {name: [] for name in COLLECTIONS}
    for name in COLLECTIONS:
        assert (await getattr(profile, name).get()).value == [], name
        assert await getattr(profile, name).count.get() == 0, name


async def test_the_profile_of_the_demo_person_has_typed_items_in_every_collection(profile):
    read = await profile.get()
    assert isinstance(read, Profile)
    for name, items in collections(read).items():
        assert items, name
        for item in items:
            assert type(item) is COLLECTIONS[name]
            assert item.id and item.created_date_time and item.allowed_audiences, name
            assert set(item.additional_data) == {"@odata.etag"}, name
        listed = (await getattr(profile, name).get()).value
        assert plain(listed) == plain(items), name


async def test_whole_items_of_a_profile_sent_back_unchanged_change_nothing(profile, raw):
    before = raw.get("/beta/me/profile").content
    for name, items in collections(await profile.get()).items():
        for item in items:
            one = builder_of_item(getattr(profile, name), item.id)
            # The SDK sends all that it read, stamps included, not only the changes.
            body = json.loads(one.to_patch_request_information(item).content)
            assert {"id", "@odata.etag", "createdBy", "createdDateTime", "lastModifiedDateTime", "source"} <= set(body)
            after = await one.patch(item)
            assert etag(after) == etag(item), name
            assert without_context(after) == without_context(item), name
    # The SDK loses what its models cannot represent: the seventh decimal of a second, and a second audience.
    assert raw.get("/beta/me/profile").content == before


async def test_what_the_directory_knows_of_an_account_cannot_be_changed(profile, raw):
    before = raw.get("/beta/me/profile/account").content
    [account] = (await profile.account.get()).value
    change = UserAccountInformation()
    for name in READ_ONLY[UserAccountInformation]:
        setattr(change, name, getattr(filled(UserAccountInformation(), turn=1), name))
    after = await builder_of_item(profile.account, account.id).patch(change)
    assert (after.age_group, after.user_principal_name) == ("adult", demo.UPN)
    assert raw.get("/beta/me/profile/account").content == before


async def test_an_empty_change_of_the_profile_changes_nothing(profile, raw):
    before = raw.get("/beta/me/profile").content
    answer = await profile.patch(Profile())
    assert isinstance(answer, Profile)
    assert answer.id == "profileId"
    assert raw.get("/beta/me/profile").content == before


async def test_a_deleted_profile_is_empty_and_takes_new_items(profile):
    assert await profile.delete() is None
    assert collections(await profile.get()) == {name: [] for name in COLLECTIONS}
    made = {name: [plain(await getattr(profile, name).post(item_type()))["id"]]
            for name, item_type in COLLECTIONS.items()}
    again = collections(await profile.get())
    assert {name: [item.id for item in items] for name, items in again.items()} == made


def test_responsibilities_are_the_same_beside_the_profile_and_in_it(raw):
    """The SDK has no request builder for them, and the reference has them at two places."""
    beside, inside = "/beta/me/responsibilities", "/beta/me/profile/responsibilities"
    assert raw.get(beside).json()["value"]
    assert raw.get(beside).content == raw.get(inside).content
    made = raw.post(beside, json={"displayName": "Keeper of the keys"})
    assert made.status_code == 201
    item = f"/{made.json()['id']}"
    assert raw.get(inside + item).json()["displayName"] == "Keeper of the keys"
    assert raw.get(beside + item).content == raw.get(inside + item).content
    assert raw.delete(inside + item).status_code == 204
    assert raw.get(beside + item).status_code == 404
