"""Batches: statuses through the official SDK, and bodies on plain HTTP, as the SDK cannot read JSON in a batch."""

from __future__ import annotations

import json

import pytest
from kiota_abstractions.base_request_configuration import RequestConfiguration
from msgraph_beta.generated.models.item_phone import ItemPhone
from msgraph_core.requests.batch_request_builder import BatchRequestBuilder
from msgraph_core.requests.batch_request_content import BatchRequestContent
from msgraph_core.requests.batch_request_content_collection import BatchRequestContentCollection
from msgraph_core.requests.batch_request_item import BatchRequestItem

import demo
from graph_client import phone

BATCH = "/beta/$batch"
PHONES = "/me/profile/phones"
PHONE = f"{PHONES}/{demo.PHONE}"
OFFICE_ID = "5a0e2c41-7d36-4b0f-9c0a-3f2b6f1f7d10"
OFFICE = f"{PHONES}/{OFFICE_ID}"
OFFICE_NUMBER = "+7 499 555 01 10"
OTHER_PHONE = f"/users/{demo.OTHER_UPN}/profile/phones/9f4c1b7a-52e8-4c55-8f07-1d5f2a9b6c33"
OTHER_NUMBER = "+234 1 555 0142"
BEFORE = {demo.PHONE: demo.NUMBER, OFFICE_ID: OFFICE_NUMBER}
JSON = {"Content-Type": "application/json"}
# Collections that the batch of twenty only reads.
READ_ONLY = ["addresses", "emails", "names", "notes", "skills", "websites"]


def part(part_id: str, method: str, url: str, body: object = None, **more) -> dict:
    """One request of a batch; with a body it says that it is JSON."""
    written = {} if body is None else {"headers": JSON, "body": body}
    return {"id": part_id, "method": method, "url": url, **written, **more}


def answers(answer) -> dict[str, dict]:
    """The answers of a batch by id."""
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert list(found) == ["responses"]
    by_id = {response["id"]: response for response in found["responses"]}
    assert len(by_id) == len(found["responses"])
    return by_id


def send(raw, *parts: dict, **options) -> dict[str, dict]:
    return answers(raw.post(BATCH, json={"requests": parts}, **options))


def statuses(found: dict[str, dict]) -> dict[str, int]:
    return {part_id: response["status"] for part_id, response in found.items()}


def refuse(raw, *parts: dict, **options) -> str:
    """Sends a batch that is refused as a whole, and checks that nothing of it was done; gives the message."""
    answer = raw.post(BATCH, json={"requests": parts}, **options)
    assert answer.status_code == 400, answer.text
    assert list(answer.json()) == ["error"]
    assert answer.json()["error"]["code"] == "BadRequest"
    assert numbers(raw) == BEFORE
    return answer.json()["error"]["message"]


def numbers(raw) -> dict[str, str]:
    """The numbers of Innocenty's phones by id."""
    return {item["id"]: item["number"] for item in raw.get(f"/beta{PHONES}").json()["value"]}


def twenty(graph) -> BatchRequestContent:
    """As many requests as a batch may hold, made by the SDK's own builders."""
    me = graph.me()
    profile = me.profile
    content = BatchRequestContent()
    added = {
        "me": me.to_get_request_information(),
        "profile": profile.to_get_request_information(),
        "list": profile.phones.to_get_request_information(),
        "get": phone(me, demo.PHONE).to_get_request_information(),
        "missing": phone(me, demo.STRANGER_ID).to_get_request_information(),
        "create": profile.phones.to_post_request_information(ItemPhone(number="+1 425 555 0100")),
        "update": phone(me, demo.PHONE).to_patch_request_information(ItemPhone(number="1")),
        "again": phone(me, demo.PHONE).to_get_request_information(),
        "wrong": phone(me, demo.PHONE).to_patch_request_information(wrong()),
        "delete": phone(me, OFFICE_ID).to_delete_request_information(),
        "gone": phone(me, OFFICE_ID).to_get_request_information(),
        "remove": phone(me, demo.STRANGER_ID).to_delete_request_information(),
        "stranger": phone(graph.users.by_user_id(demo.STRANGER_ID), demo.PHONE).to_get_request_information(),
        "self": phone(graph.users.by_user_id(demo.UPN), demo.PHONE).to_get_request_information(),
    }
    for name in READ_ONLY:
        added[name] = getattr(profile, name).to_get_request_information()
    for part_id, request in added.items():
        content.add_request(part_id, BatchRequestItem(request, id=part_id))
    return content


def wrong() -> ItemPhone:
    change = ItemPhone()
    change.additional_data = {"colour": "red"}
    return change


EXPECTED = {
    "me": 200, "profile": 200, "list": 200, "get": 200, "missing": 404, "create": 201, "update": 200, "again": 200,
    "wrong": 400, "delete": 204, "gone": 404, "remove": 404, "stranger": 403, "self": 200,
    **dict.fromkeys(READ_ONLY, 200),
}


async def encoded(graph, content: BatchRequestContent) -> bytes:
    """What the SDK sends for a batch."""
    return (await BatchRequestBuilder(graph.request_adapter).to_post_request_information(content)).content


async def through_sdk(graph, *items: BatchRequestItem) -> dict[str, int]:
    """Sends a batch by the SDK; gives the statuses by id."""
    content = BatchRequestContent({item.id: item for item in items})
    return (await BatchRequestBuilder(graph.request_adapter).post(content)).get_response_status_codes()


@pytest.mark.anyio
async def test_twenty_parts_are_answered_by_id(graph):
    assert len(EXPECTED) == BatchRequestContent.MAX_REQUESTS
    answer = await BatchRequestBuilder(graph.request_adapter).post(twenty(graph))
    assert answer.get_response_status_codes() == EXPECTED
    assert answer.get_response_by_id("get").content_type.split(";")[0] == "application/json"
    created = answer.get_response_by_id("create").headers["Location"]
    assert created.startswith(f"{graph.request_adapter.base_url}/users/{demo.USER}/profile/phones/")


@pytest.mark.anyio
async def test_the_bodies_of_the_same_batch_are_those_of_single_requests(graph, raw):
    unchanged = {name: raw.get(f"/beta/me/profile/{name}").json() for name in READ_ONLY}
    single = {"me": raw.get("/beta/me").json(), "profile": raw.get("/beta/me/profile").json(),
              "list": raw.get(f"/beta{PHONES}").json(), "get": raw.get(f"/beta{PHONE}").json(), **unchanged}
    found = answers(raw.post(BATCH, content=await encoded(graph, twenty(graph)), headers=JSON))
    assert statuses(found) == EXPECTED
    assert {part_id: found[part_id]["body"] for part_id in single} == single
    assert found["create"]["body"]["number"] == "+1 425 555 0100"
    assert found["create"]["headers"]["Location"].endswith(found["create"]["body"]["id"])
    assert found["update"]["body"] == found["again"]["body"]
    assert found["again"]["body"]["number"] == "1"
    assert found["again"]["headers"]["ETag"] == found["again"]["body"]["@odata.etag"] != single["get"]["@odata.etag"]
    assert "colour" in found["wrong"]["body"]["error"]["message"]
    assert "body" not in found["delete"]
    assert found["gone"]["body"]["error"]["code"] == "UnknownError"
    assert set(numbers(raw)) == {demo.PHONE, found["create"]["body"]["id"]}


@pytest.mark.anyio
async def test_more_than_twenty_are_sent_by_the_sdk_in_several_batches(graph):
    collection = BatchRequestContentCollection()
    for turn in range(25):
        request = phone(graph.me(), demo.PHONE).to_get_request_information()
        collection.add_batch_request_item(BatchRequestItem(request, id=str(turn)))
    answer = await BatchRequestBuilder(graph.request_adapter).post(collection)
    answered = [list(one.get_response_status_codes().items()) for one in answer.get_responses()]
    assert sum(answered, []) == [(str(turn), 200) for turn in range(25)]
    assert len(answered) == 2


@pytest.mark.anyio
async def test_the_spelling_of_dependencies_that_the_sdk_uses_is_understood(graph, raw):
    me = graph.me()
    items = [
        BatchRequestItem(phone(me, demo.STRANGER_ID).to_get_request_information(), id="fails"),
        BatchRequestItem(
            phone(me, demo.PHONE).to_patch_request_information(ItemPhone(number="1")), id="after",
            depends_on=["fails"]),
        BatchRequestItem(phone(me, demo.PHONE).to_get_request_information(), id="apart"),
    ]
    sent = json.loads(await encoded(graph, BatchRequestContent({item.id: item for item in items})))
    assert sent["requests"][1]["depends_on"] == ["fails"], "The SDK writes the name in another way now."
    assert await through_sdk(graph, *items) == {"fails": 404, "after": 424, "apart": 200}
    assert numbers(raw) == BEFORE


@pytest.mark.anyio
async def test_if_match_of_a_part_is_honoured_through_the_sdk(graph, raw):
    def change(part_id: str, number: str, etag: str) -> BatchRequestItem:
        configuration = RequestConfiguration()
        configuration.headers.add("If-Match", etag)
        request = phone(graph.me(), demo.PHONE).to_patch_request_information(ItemPhone(number=number), configuration)
        return BatchRequestItem(request, id=part_id)

    etag = raw.get(f"/beta{PHONE}").headers["ETag"]
    done = await through_sdk(graph, change("first", "1", etag), change("late", "2", etag))
    assert done == {"first": 200, "late": 412}
    assert numbers(raw)[demo.PHONE] == "1"


def test_what_depends_on_a_failure_is_424_and_so_is_what_depends_on_that(raw):
    found = send(
        raw,
        part("a", "GET", f"{PHONES}/{demo.STRANGER_ID}"),
        part("b", "PATCH", PHONE, {"number": "1"}, dependsOn=["A"]),
        part("c", "DELETE", OFFICE, dependsOn=["b"]),
        part("d", "GET", f"{PHONE}?$select=number"),
        part("e", "GET", PHONE, dependsOn=["d", "b"]))
    assert statuses(found) == {"a": 404, "b": 424, "c": 424, "d": 200, "e": 424}
    assert found["b"]["body"]["error"]["code"] == "failedDependency"
    assert found["d"]["body"]["number"] == demo.NUMBER
    assert numbers(raw) == BEFORE


def test_what_depends_on_a_success_is_done(raw):
    found = send(raw, part("a", "PATCH", PHONE, {"number": "1"}), part("b", "DELETE", OFFICE, dependsOn=["a"]))
    assert statuses(found) == {"a": 200, "b": 204}
    assert numbers(raw) == {demo.PHONE: "1"}


@pytest.mark.parametrize("named", ["b", "c", "nobody"], ids=["itself", "later", "unknown"])
def test_a_dependency_must_stand_earlier(raw, named):
    message = refuse(
        raw, part("a", "PATCH", PHONE, {"number": "1"}), part("b", "GET", PHONE, dependsOn=[named]),
        part("c", "GET", PHONE))
    assert "Invalid dependency for request Id" in message


def test_twenty_one_parts_are_refused_as_a_whole(raw):
    parts = [part(str(turn), "PATCH", PHONE, {"number": str(turn)}) for turn in range(21)]
    assert "20" in refuse(raw, *parts)
    assert statuses(send(raw, *parts[:20])) == {str(turn): 200 for turn in range(20)}
    assert numbers(raw)[demo.PHONE] == "19"


def test_ids_that_differ_in_case_alone_are_the_same(raw):
    refuse(raw, part("a", "PATCH", PHONE, {"number": "1"}), part("A", "GET", PHONE))


@pytest.mark.parametrize("body", [
    {}, [], {"requests": None}, {"requests": {}}, {"requests": ["GET"]},
    {"requests": [{"method": "GET", "url": PHONE}]},
    {"requests": [{"id": "1", "url": PHONE}]},
    {"requests": [{"id": "1", "method": "GET"}]},
    {"requests": [{"id": 1, "method": "GET", "url": PHONE}]},
    {"requests": [part("1", "PATCH", PHONE, {"number": "1"}), {"id": "2"}]},
], ids=json.dumps)
def test_what_is_no_batch_is_refused(raw, body):
    answer = raw.post(BATCH, json=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"]
    assert numbers(raw) == BEFORE


def test_the_batch_itself_takes_no_conditions(raw):
    refuse(raw, part("1", "PATCH", PHONE, {"number": "1"}), headers={"If-Match": "*"})


@pytest.mark.parametrize("url", ["/$batch", "$batch", "/beta/$batch", "%24batch", "{http}/beta/$batch"])
def test_a_batch_in_a_batch_is_a_part_that_is_refused(server, raw, url):
    inner = {"requests": [part("1", "PATCH", PHONE, {"number": "1"})]}
    found = send(raw, part("1", "POST", url.format(http=server.http), inner), part("2", "GET", PHONE))
    assert statuses(found) == {"1": 400, "2": 200}
    assert found["1"]["body"]["error"]["code"] == "BadRequest"
    assert numbers(raw) == BEFORE


@pytest.mark.parametrize("url", [
    PHONE, PHONE[1:], f"/beta{PHONE}", "{http}/beta" + PHONE, "{https}/beta" + PHONE,
    f"/users/{demo.UPN}/profile/phones/{demo.PHONE}",
    f"/users/me-token-to-replace/profile/phones/{demo.PHONE}",
])
def test_a_url_is_relative_or_of_this_server(server, raw, url):
    found = send(raw, part("1", "GET", url.format(http=server.http, https=server.https)))
    assert found["1"]["body"] == raw.get(f"/beta{PHONE}").json()


@pytest.mark.parametrize("url", [
    f"https://graph.microsoft.com/beta{PHONE}", f"http://127.0.0.1/beta{PHONE}", "{http}.example/beta" + PHONE,
    "{http}@other.example/beta" + PHONE, "{https}.example/beta" + PHONE,
])
def test_a_url_of_another_host_is_a_part_that_is_refused(server, raw, url):
    url = url.format(http=server.http, https=server.https)
    found = send(raw, part("1", "PATCH", url, {"number": "1"}), part("2", "PATCH", OFFICE, {"number": "2"}))
    assert statuses(found) == {"1": 400, "2": 200}
    assert "error" in found["1"]["body"]
    assert numbers(raw) == {demo.PHONE: demo.NUMBER, OFFICE_ID: "2"}


def test_the_outer_status_is_200_although_every_part_failed(raw):
    found = send(
        raw, part("1", "GET", f"{PHONES}/{demo.STRANGER_ID}"), part("2", "PUT", PHONE, {}),
        part("3", "GET", "/me/profile/telegrams"), part("4", "PATCH", PHONE, {"colour": "red"}))
    assert statuses(found) == {"1": 404, "2": 405, "3": 400, "4": 400}
    assert found["2"]["headers"]["Allow"] == "GET, HEAD, PATCH, DELETE"
    assert all(set(response["body"]) == {"error"} for response in found.values())


def test_parts_are_done_in_the_order_of_the_list(raw):
    parts = []
    for turn in range(10):
        parts.append(part(f"write {turn}", "PATCH", PHONE, {"number": str(turn)}))
        parts.append(part(f"read {turn}", "GET", f"{PHONE}?$select=number"))
    found = send(raw, *parts)
    assert [found[f"read {turn}"]["body"]["number"] for turn in range(10)] == [str(turn) for turn in range(10)]


def test_what_one_part_creates_the_next_one_lists(raw):
    found = send(
        raw, part("before", "GET", f"{PHONES}/$count"), part("create", "POST", PHONES, {"number": "1"}),
        part("after", "GET", f"{PHONES}/$count"))
    assert (found["before"]["body"], found["create"]["status"], found["after"]["body"]) == ("2", 201, "3")


@pytest.mark.parametrize("name", ["If-Match", "if-match", "IF-MATCH"])
def test_if_match_of_a_part_decides_on_that_part(raw, name):
    etag = raw.get(f"/beta{PHONE}").headers["ETag"]
    found = send(
        raw, part("1", "PATCH", PHONE, {"number": "1"}, headers={**JSON, name: 'W/"99"'}),
        part("2", "PATCH", PHONE, {"number": "2"}, headers={**JSON, name: etag}),
        part("3", "PATCH", PHONE, {"number": "3"}, headers={**JSON, name: etag}),
        part("4", "GET", PHONE, headers={"If-None-Match": etag}))
    assert statuses(found) == {"1": 412, "2": 200, "3": 412, "4": 200}
    assert numbers(raw)[demo.PHONE] == "2"


def test_a_read_that_changed_nothing_is_304_in_a_batch_too(raw):
    etag = raw.get(f"/beta{PHONE}").headers["ETag"]
    found = send(raw, part("1", "GET", PHONE, headers={"If-None-Match": etag}))
    assert found["1"]["status"] == 304
    assert found["1"]["headers"]["ETag"] == etag
    assert "body" not in found["1"]


@pytest.mark.parametrize("headers", [None, {}, {"Accept": "application/json"}, {"Content-Type": "text/plain"}])
def test_a_part_with_a_body_must_say_that_it_is_json(raw, headers):
    found = send(raw, part("1", "PATCH", PHONE, {"number": "1"}, headers=headers))
    assert found["1"]["status"] == 400
    assert "Content-Type" in found["1"]["body"]["error"]["message"]
    assert numbers(raw) == BEFORE


def test_a_part_may_prefer_no_body_and_have_less_of_one(raw):
    found = send(
        raw, part("1", "PATCH", PHONE, {"number": "1"}, headers={**JSON, "Prefer": "return=minimal"}),
        part("2", "GET", f"{PHONE}?$select=number", headers={"Accept": "application/json;odata.metadata=none"}))
    assert found["1"]["status"] == 204
    assert "body" not in found["1"]
    assert found["1"]["headers"]["Preference-Applied"] == "return=minimal"
    assert found["2"]["body"] == {"number": "1"}


def test_the_link_to_the_next_page_leads_on_inside_and_outside_of_a_batch(server, raw):
    found = send(raw, part("1", "GET", f"{PHONES}?$top=1"))
    link = found["1"]["body"]["@odata.nextLink"]
    assert link.startswith(f"{server.http}/beta/me/profile/phones?")
    alone = raw.get(link).json()
    assert [item["id"] for item in alone["value"]] == [OFFICE_ID]
    assert send(raw, part("1", "GET", link))["1"]["body"] == alone


def test_each_part_is_authorised_for_itself(server, raw):
    token = server.user_token("User.Read", demo.UPN)
    found = send(
        raw, part("1", "GET", PHONE), part("2", "PATCH", PHONE, {"number": "1"}),
        headers={"Authorization": f"Bearer {token}"})
    assert statuses(found) == {"1": 200, "2": 403}
    assert found["2"]["body"]["error"]["code"] == "ErrorInsufficientPermissionsInAccessToken"
    assert numbers(raw) == BEFORE


def test_a_part_cannot_bring_a_token_of_its_own(server, raw):
    token = server.user_token("User.Read", demo.OTHER_UPN)
    found = send(raw, part("1", "GET", "/me", headers={"Authorization": f"Bearer {token}"}))
    assert found["1"]["body"]["id"] == demo.USER


def test_a_batch_without_a_token_is_401(raw):
    answer = raw.post(BATCH, json={"requests": [part("1", "GET", PHONE)]}, headers={"Authorization": ""})
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "InvalidAuthenticationToken"


def test_urls_are_relative_to_the_version_of_the_batch(raw):
    requests = [part("1", "GET", "/me"), part("2", "GET", "/me/profile")]
    found = answers(raw.post("/v1.0/$batch", json={"requests": requests}))
    assert statuses(found) == {"1": 200, "2": 404}
    assert "/v1.0/$metadata#" in found["1"]["body"]["@odata.context"]


def group(*parts: dict) -> list[dict]:
    return [{**one, "atomicityGroup": "together"} for one in parts]


def test_a_group_is_applied_as_a_whole(raw):
    found = send(
        raw, *group(part("1", "PATCH", PHONE, {"number": "1"}), part("2", "DELETE", OFFICE),
                    part("3", "POST", PHONES, {"number": "3"})),
        part("4", "GET", f"{PHONE}?$select=number", dependsOn=["together"]))
    assert statuses(found) == {"1": 200, "2": 204, "3": 201, "4": 200}
    assert [response.get("atomicityGroup") for response in found.values()] == ["together"] * 3 + [None]
    assert (found["1"]["body"]["number"], found["4"]["body"]["number"]) == ("1", "1")
    assert numbers(raw) == {demo.PHONE: "1", found["3"]["body"]["id"]: "3"}


FAILING = {
    "a property that does not exist": (part("bad", "PATCH", PHONE, {"colour": "red"}), 400),
    "a phone that does not exist": (part("bad", "PATCH", f"{PHONES}/{demo.STRANGER_ID}", {"number": "1"}), 404),
    "an etag of before": (part("bad", "PATCH", PHONE, {"number": "1"}, headers={**JSON, "If-Match": 'W/"99"'}), 412),
    "no content type": (part("bad", "PATCH", PHONE, {"number": "1"}, headers={}), 400),
}


@pytest.mark.parametrize("bad", FAILING)
@pytest.mark.parametrize("place", [0, 1, 3], ids=["first", "between", "last"])
def test_one_failure_leaves_all_of_a_group_untouched(raw, bad, place):
    failing, status = FAILING[bad]
    good = [part("1", "PATCH", PHONE, {"displayName": "1"}), part("2", "DELETE", OFFICE),
            part("3", "POST", PHONES, {"number": "3"})]
    before = raw.get(f"/beta{PHONES}").content
    found = send(raw, *group(*good[:place], failing, *good[place:]))
    assert statuses(found) == {"1": 424, "2": 424, "3": 424, "bad": status}
    assert {response["atomicityGroup"] for response in found.values()} == {"together"}
    assert {found[name]["body"]["error"]["code"] for name in "123"} == {"failedDependency"}
    assert raw.get(f"/beta{PHONES}").content == before


def test_what_stands_beside_a_group_that_failed_is_done_unless_it_depends_on_it(raw):
    found = send(
        raw, part("before", "PATCH", OFFICE, {"number": "1"}),
        *group(part("1", "PATCH", PHONE, {"number": "2"}), part("2", "PATCH", PHONE, {"colour": "red"})),
        part("dependent", "DELETE", OFFICE, dependsOn=["together"]),
        part("of one", "DELETE", OFFICE, dependsOn=["1"]),
        part("after", "PATCH", PHONE, {"displayName": "3"}))
    assert statuses(found) == {"before": 200, "1": 424, "2": 400, "dependent": 424, "of one": 424, "after": 200}
    assert numbers(raw) == {demo.PHONE: demo.NUMBER, OFFICE_ID: "1"}
    assert found["after"]["body"]["displayName"] == "3"


def test_a_group_that_depends_on_a_failure_is_not_done(raw):
    found = send(
        raw, part("fails", "GET", f"{PHONES}/{demo.STRANGER_ID}"),
        *group(part("1", "PATCH", PHONE, {"number": "1"}),
               part("2", "PATCH", OFFICE, {"number": "2"}, dependsOn=["fails"])))
    assert statuses(found) == {"fails": 404, "1": 424, "2": 424}
    assert numbers(raw) == BEFORE


def test_two_groups_of_a_batch_are_apart(raw):
    good = {**part("1", "PATCH", PHONE, {"number": "1"}), "atomicityGroup": "good"}
    bad = {**part("2", "PATCH", OFFICE, {"colour": "red"}), "atomicityGroup": "bad"}
    assert statuses(send(raw, bad, good)) == {"2": 400, "1": 200}
    assert numbers(raw) == {demo.PHONE: "1", OFFICE_ID: OFFICE_NUMBER}


def test_writes_of_one_group_follow_one_another(raw):
    etag = raw.get(f"/beta{PHONE}").headers["ETag"]
    late = part("2", "PATCH", PHONE, {"displayName": "2"}, headers={**JSON, "If-Match": etag})
    found = send(raw, *group(part("1", "PATCH", PHONE, {"number": "1"}), late))
    assert statuses(found) == {"1": 424, "2": 412}
    assert numbers(raw) == BEFORE


@pytest.mark.parametrize("other", [
    part("3", "GET", OFFICE),
    part("3", "PATCH", OTHER_PHONE, {"number": "3"}),
    part("3", "PATCH", "/me", {"officeLocation": "3"}),
    part("3", "DELETE", "/me/profile"),
    part("3", "GET", "/me/profile/telegrams"),
    part("3", "PATCH", f"https://graph.microsoft.com/beta{OFFICE}", {"number": "3"}),
], ids=["read", "another person", "person", "profile", "unknown", "another host"])
def test_a_group_that_cannot_be_atomic_refuses_the_whole_batch(server, raw, other):
    token = server.user_token("User.ReadWrite.All", demo.UPN)
    everybody = {"Authorization": f"Bearer {token}"}
    refuse(raw, part("1", "PATCH", PHONE, {"number": "1"}),
           *group(part("2", "PATCH", OFFICE, {"number": "2"}), other), headers=everybody)
    assert raw.get(f"/beta{OTHER_PHONE}", headers=everybody).json()["number"] == OTHER_NUMBER


def test_the_parts_of_a_group_must_stand_together(raw):
    one, two = group(part("1", "PATCH", PHONE, {"number": "1"}), part("2", "PATCH", OFFICE, {"number": "2"}))
    refuse(raw, one, part("3", "GET", PHONE), two)


def test_a_group_has_no_name_of_a_part(raw):
    refuse(raw, part("Together", "GET", PHONE), *group(part("1", "PATCH", PHONE, {"number": "1"})))
