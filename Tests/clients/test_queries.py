"""Query options, negotiation, conditions, upserts and repeated creations, checked on plain HTTP."""

from __future__ import annotations

from base64 import urlsafe_b64decode
from concurrent.futures import ThreadPoolExecutor

import pytest

import demo

PHONES = "/beta/me/profile/phones"
PHONE = f"{PHONES}/{demo.PHONE}"
OFFICE_ID = "5a0e2c41-7d36-4b0f-9c0a-3f2b6f1f7d10"
OFFICE_NUMBER = "+7 499 555 01 10"
LENA = "Lena Brandt"
AMARA = "Amara Okafor"
COLLEAGUE = f"/beta/users/{demo.OTHER_UPN}/profile/phones"
FAMILY_NUMBER = "+234 803 555 0177"
DATA = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"
OWN = f"{PHONES}/my-own-id"
UPSERT = {"Prefer": "create-if-missing"}


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def refused(answer, status: int, code: str) -> str:
    """Checks that an answer is an error in JSON; gives its message."""
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/json"
    error = answer.json()["error"]
    assert error["code"] == code
    assert error["innerError"]["request-id"] == answer.headers["request-id"]
    return error["message"]


def found(raw, path: str, **options) -> dict:
    """The response to a query, which must succeed."""
    answer = raw.get(path, **options)
    assert answer.status_code == 200, answer.text
    return answer.json()


def numbers(raw, query: str = "", **options) -> list[str]:
    """The numbers of Innocenty's phones as a query gives them."""
    return [item["number"] for item in found(raw, f"{PHONES}?{query}", **options)["value"]]


def token_of(link: str) -> str:
    return link.split("$skiptoken=")[1]


@pytest.fixture
def reader(server) -> dict[str, str]:
    """The header fields of a caller who may read all users."""
    return bearer(server.user_token("User.Read.All", demo.UPN))


def names(raw, reader: dict[str, str], query: str) -> list[str]:
    return [person["displayName"] for person in found(raw, f"/beta/users?{query}", headers=reader)["value"]]


# Negotiation


@pytest.mark.parametrize("accept", [
    None, "*/*", "application/*", "application/json", "application/json;odata.metadata=minimal",
    "text/html, */*;q=0.1", "application/xml, application/json;q=0.1", "application/json;charset=utf-8",
    "APPLICATION/JSON;ODATA.METADATA=MINIMAL",
])
def test_json_with_minimal_metadata_is_what_most_clients_get(raw, accept):
    answer = raw.get(PHONE, headers={} if accept is None else {"Accept": accept})
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == DATA
    assert answer.headers["OData-Version"] == "4.0"
    assert answer.json()["@odata.etag"] == answer.headers["ETag"]


@pytest.mark.parametrize("accept", [
    "application/xml", "text/html", "application/json;q=0", "application/json;foo=bar",
    "application/json;odata.metadata=some", "application/*;q=0, */*;q=0",
])
def test_what_cannot_be_answered_is_406_in_json(raw, accept):
    for path in (PHONE, PHONES, "/beta/me", "/beta/me/profile"):
        message = refused(raw.get(path, headers={"Accept": accept}), 406, "notAcceptable")
        assert "application/json" in message


def test_a_write_whose_answer_is_not_acceptable_writes_nothing(raw):
    answer = raw.patch(PHONE, json={"number": "1"}, headers={"Accept": "application/xml"})
    refused(answer, 406, "notAcceptable")
    assert numbers(raw) == [demo.NUMBER, OFFICE_NUMBER]


@pytest.mark.parametrize("ask", [
    {"headers": {"Accept": "application/json;odata.metadata=none"}},
    {"headers": {"Accept": "application/json;metadata=none"}},
    {"params": {"$format": "application/json;odata.metadata=none"}},
], ids=["accept", "short", "format"])
def test_no_metadata_leaves_only_what_leads_on(raw, ask):
    item = raw.get(PHONE, **ask)
    assert [name for name in item.json() if "@" in name] == []
    assert item.json()["number"] == demo.NUMBER
    assert "odata.metadata=none" in item.headers["Content-Type"]
    listed = raw.get(f"{PHONES}?$top=1&$count=true", headers={"Accept": "application/json;odata.metadata=none"}).json()
    assert set(listed) == {"@odata.count", "@odata.nextLink", "value"}
    assert listed["@odata.count"] == 2
    assert [name for name in listed["value"][0] if "@" in name] == []
    assert numbers(raw, listed["@odata.nextLink"].split("?")[1]) == [OFFICE_NUMBER]


@pytest.mark.parametrize(("wish", "count"), [("true", "2"), ("false", 2)])
def test_large_numbers_are_texts_only_for_who_asks(raw, wish, count):
    answer = raw.get(f"{PHONES}?$count=true", headers={"Accept": f"application/json;IEEE754Compatible={wish}"})
    assert answer.json()["@odata.count"] == count
    assert f"IEEE754Compatible={wish};" in answer.headers["Content-Type"]


def test_format_wins_over_accept(raw):
    answer = raw.get(f"{PHONE}?$format=json", headers={"Accept": "application/xml"})
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == DATA
    refused(raw.get(f"{PHONE}?$format=xml", headers={"Accept": "application/json"}), 406, "notAcceptable")


@pytest.mark.parametrize("form", ["xml", "application/xml", "atom", "json;odata.metadata=none", ""])
def test_a_format_that_is_not_offered_is_406(raw, form):
    refused(raw.get(PHONE, params={"$format": form}), 406, "notAcceptable")


@pytest.mark.parametrize(("header", "version", "status"), [
    ("OData-MaxVersion", "3.0", 400), ("OData-MaxVersion", "abc", 400), ("OData-MaxVersion", "4.0", 200),
    ("OData-MaxVersion", "4.01", 200), ("OData-MaxVersion", "9.9", 200), ("OData-Version", "4.0", 200),
    ("OData-Version", "5.0", 400), ("OData-Version", "3.0", 400),
])
def test_versions_of_odata_that_cannot_be_spoken_are_refused(raw, header, version, status):
    answer = raw.get(PHONE, headers={header: version})
    assert answer.status_code == status
    assert answer.headers["OData-Version"] == "4.0"


# Conditions


@pytest.mark.parametrize("tag", ["{current}", '"x", {current}', '{current},"x"', "{strong}", "*"])
def test_a_read_of_what_the_client_has_is_304(raw, tag):
    current = raw.get(PHONE).headers["ETag"]
    assert current.startswith('W/"')
    answer = raw.get(PHONE, headers={"If-None-Match": tag.format(current=current, strong=current[2:])})
    assert (answer.status_code, answer.content) == (304, b"")
    assert answer.headers["ETag"] == current


@pytest.mark.parametrize("tag", ['W/"99"', '"x"', '"x", "y"'])
def test_a_read_of_what_the_client_has_not_is_200(raw, tag):
    assert found(raw, PHONE, headers={"If-None-Match": tag})["number"] == demo.NUMBER


def test_a_read_is_200_again_once_something_was_written(raw):
    before = raw.get(PHONE).headers["ETag"]
    after = raw.patch(PHONE, json={"number": "1"}).headers["ETag"]
    assert after != before
    assert raw.get(PHONE, headers={"If-None-Match": before}).json()["number"] == "1"
    assert raw.get(PHONE, headers={"If-None-Match": after}).status_code == 304


@pytest.mark.parametrize("tag", ["{current}", '"x", {current}', "{strong}", "*"])
@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_a_write_that_names_what_is_there_is_done(raw, method, tag):
    current = raw.get(PHONE).headers["ETag"]
    body = {"json": {"number": "1"}} if method == "PATCH" else {}
    sent = {"If-Match": tag.format(current=current, strong=current[2:])}
    answer = raw.request(method, PHONE, headers=sent, **body)
    assert answer.status_code == {"PATCH": 200, "DELETE": 204}[method]
    assert numbers(raw) == {"PATCH": ["1", OFFICE_NUMBER], "DELETE": [OFFICE_NUMBER]}[method]


@pytest.mark.parametrize("condition", [
    {"If-Match": 'W/"99"'}, {"If-Match": '"x", "y"'}, {"If-None-Match": "*"}, {"If-None-Match": "{current}"},
    {"If-None-Match": '"x", {current}'},
], ids=str)
@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_a_write_that_names_something_else_is_412_and_changes_nothing(raw, method, condition):
    before = raw.get(PHONES).content
    current = raw.get(PHONE).headers["ETag"]
    body = {"json": {"number": "1"}} if method == "PATCH" else {}
    sent = {name: tag.format(current=current) for name, tag in condition.items()}
    refused(raw.request(method, PHONE, headers=sent, **body), 412, "resourceModified")
    assert raw.get(PHONES).content == before


def test_of_two_writers_with_the_same_etag_one_wins(raw):
    for _ in range(20):
        etag = raw.get(PHONE).headers["ETag"]
        with ThreadPoolExecutor(2) as pool:
            both = list(pool.map(
                lambda number: raw.patch(PHONE, json={"number": number}, headers={"If-Match": etag}).status_code,
                (f"first {etag}", f"second {etag}")))
        assert sorted(both) == [200, 412]


def test_whether_an_item_is_there_is_decided_before_conditions(raw):
    missing = f"{PHONES}/{demo.STRANGER_ID}"
    for condition in ({"If-Match": "*"}, {"If-Match": '"x"'}, {"If-None-Match": "*"}):
        refused(raw.patch(missing, json={"number": "1"}, headers=condition), 404, "UnknownError")
        refused(raw.get(missing, headers=condition), 404, "UnknownError")


# Upserts


def test_an_upsert_creates_first_and_updates_afterwards(server, raw):
    made = raw.patch(OWN, json={"number": "1", "displayName": "Mine"}, headers=UPSERT)
    assert made.status_code == 201, made.text
    assert made.headers["Location"] == f"{server.http}/beta/users/{demo.USER}/profile/phones/my-own-id"
    assert (made.json()["id"], made.json()["number"]) == ("my-own-id", "1")
    assert made.json()["allowedAudiences"] == "organization"
    assert made.json()["createdBy"] == {"user": {"id": demo.USER, "displayName": demo.USER_NAME}}
    assert raw.get(made.headers["Location"]).json() == made.json()
    again = raw.patch(OWN, json={"number": "2"}, headers=UPSERT)
    assert again.status_code == 200
    assert "Location" not in again.headers
    assert (again.json()["id"], again.json()["number"], again.json()["displayName"]) == ("my-own-id", "2", "Mine")
    assert again.json()["createdDateTime"] == made.json()["createdDateTime"]
    assert numbers(raw) == [demo.NUMBER, OFFICE_NUMBER, "2"]


@pytest.mark.parametrize("headers", [
    {}, {"Prefer": "return=representation"}, {"If-None-Match": "*"}, {**UPSERT, "If-Match": "*"},
    {**UPSERT, "If-Match": 'W/"1"'},
], ids=str)
def test_nothing_is_created_without_the_preference_or_with_if_match(raw, headers):
    refused(raw.patch(OWN, json={"number": "1"}, headers=headers), 404, "UnknownError")
    assert numbers(raw) == [demo.NUMBER, OFFICE_NUMBER]


def test_an_insertion_is_never_an_update(raw):
    only_new = {**UPSERT, "If-None-Match": "*"}
    assert raw.patch(OWN, json={"number": "1"}, headers=only_new).status_code == 201
    refused(raw.patch(OWN, json={"number": "2"}, headers=only_new), 412, "resourceModified")
    assert found(raw, OWN)["number"] == "1"


def test_an_upsert_of_what_is_there_can_be_conditional(raw):
    etag = raw.get(PHONE).headers["ETag"]
    assert raw.patch(PHONE, json={"number": "1"}, headers={**UPSERT, "If-Match": etag}).status_code == 200
    refused(raw.patch(PHONE, json={"number": "2"}, headers={**UPSERT, "If-Match": etag}), 412, "resourceModified")
    assert found(raw, PHONE)["number"] == "1"


def test_an_item_that_is_made_anew_under_its_id_has_another_etag(raw):
    first = raw.patch(OWN, json={"number": "1"}, headers=UPSERT).headers["ETag"]
    assert raw.delete(OWN).status_code == 204
    second = raw.patch(OWN, json={"number": "2"}, headers=UPSERT).headers["ETag"]
    assert second != first
    assert found(raw, OWN, headers={"If-None-Match": first})["number"] == "2"
    refused(raw.patch(OWN, json={"number": "3"}, headers={"If-Match": first}), 412, "resourceModified")
    assert found(raw, OWN)["number"] == "2"


def test_an_upsert_without_a_body_in_the_answer_says_where_it_went(server, raw):
    answer = raw.patch(OWN, json={"number": "1"}, headers={"Prefer": "create-if-missing, return=minimal"})
    assert (answer.status_code, answer.content) == (204, b"")
    location = f"{server.http}/beta/users/{demo.USER}/profile/phones/my-own-id"
    assert answer.headers["Location"] == answer.headers["OData-EntityId"] == location
    assert answer.headers["ETag"] == raw.get(OWN).headers["ETag"]


def test_a_body_that_is_refused_creates_nothing(raw):
    refused(raw.patch(OWN, json={"colour": "red"}, headers=UPSERT), 400, "RequestBodyRead")
    assert raw.get(OWN).status_code == 404


def test_an_id_may_hold_whatever_a_url_can(raw):
    for encoded in ("a%2Fb", "%27q%27", "a%20b", "%C5%81%C3%B3d%C5%BA", "a%3Fb%23c", "number"):
        made = raw.patch(f"{PHONES}/{encoded}", json={"number": encoded}, headers=UPSERT)
        assert made.status_code == 201, made.text
        assert found(raw, made.headers["Location"])["number"] == encoded
        assert raw.delete(f"{PHONES}/{encoded}").status_code == 204


def test_an_id_is_at_most_256_bytes_long(raw):
    assert raw.patch(f"{PHONES}/{'x' * 256}", json={}, headers=UPSERT).status_code == 201
    refused(raw.patch(f"{PHONES}/{'x' * 257}", json={}, headers=UPSERT), 400, "BadRequest")


def test_upsert_for_a_colleague_is_refused(server, raw, application):
    """They would learn which ids are taken by items that they may not see."""
    path = f"/beta/users/{demo.USER}/profile/phones"
    colleague = bearer(server.user_token("User.ReadWrite.All", demo.OTHER_UPN))
    for item in ("my-own-id", demo.PHONE):
        answer = raw.patch(f"{path}/{item}", json={"number": "1"}, headers={**UPSERT, **colleague})
        refused(answer, 404, "UnknownError")
    answer = raw.patch(f"{path}/my-own-id", json={"number": "1"}, headers={**UPSERT, **bearer(application)})
    assert answer.status_code == 201
    assert numbers(raw) == [demo.NUMBER, OFFICE_NUMBER, "1"]


# Repeated creations


def test_a_creation_under_a_key_is_done_once(raw):
    key = {"Idempotency-Key": "one"}
    first = raw.post(PHONES, json={"number": "1"}, headers=key)
    assert raw.patch(f"{PHONES}/{first.json()['id']}", json={"displayName": "since"}).status_code == 200
    second = raw.post(PHONES, json={"number": "1"}, headers=key)
    assert (first.status_code, second.status_code) == (201, 201)
    assert second.headers["Location"] == first.headers["Location"]
    assert second.json() == found(raw, first.headers["Location"])
    assert second.json()["displayName"] == "since"
    assert numbers(raw) == [demo.NUMBER, OFFICE_NUMBER, "1"]


def test_another_body_under_the_same_key_is_409(raw):
    key = {"Idempotency-Key": "one"}
    assert raw.post(PHONES, json={"number": "1"}, headers=key).status_code == 201
    message = refused(raw.post(PHONES, json={"number": "2"}, headers=key), 409, "idempotencyKeyReused")
    assert "Idempotency-Key" in message
    assert numbers(raw) == [demo.NUMBER, OFFICE_NUMBER, "1"]


def test_a_repetition_does_not_bring_back_what_was_deleted(raw):
    key = {"Idempotency-Key": "one"}
    made = raw.post(PHONES, json={"number": "1"}, headers=key).json()
    assert raw.delete(f"{PHONES}/{made['id']}").status_code == 204
    refused(raw.post(PHONES, json={"number": "1"}, headers=key), 404, "UnknownError")
    assert numbers(raw) == [demo.NUMBER, OFFICE_NUMBER]


def test_keys_of_other_people_and_collections_are_other_keys(server, raw):
    key = {"Idempotency-Key": "one"}
    colleague = bearer(server.user_token("User.ReadWrite", demo.OTHER_UPN))
    mine = raw.post(PHONES, json={"number": "1"}, headers=key)
    theirs = raw.post(PHONES, json={"number": "2"}, headers={**key, **colleague})
    email = raw.post("/beta/me/profile/emails", json={"address": "a@b.example"}, headers=key)
    assert [answer.status_code for answer in (mine, theirs, email)] == [201, 201, 201]
    assert theirs.json()["createdBy"]["user"]["displayName"] == AMARA
    assert "2" not in numbers(raw)


def test_a_creation_that_was_refused_leaves_its_key_free(raw):
    key = {"Idempotency-Key": "one"}
    refused(raw.post(PHONES, json={"colour": "red"}, headers=key), 400, "RequestBodyRead")
    assert raw.post(PHONES, json={"number": "1"}, headers=key).status_code == 201


def test_repetitions_at_the_same_time_create_one_item(raw):
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(
            lambda _: raw.post(PHONES, json={"number": "1"}, headers={"Idempotency-Key": "one"}), range(24)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert numbers(raw) == [demo.NUMBER, OFFICE_NUMBER, "1"]


def test_creations_without_a_key_are_all_done(raw):
    made = {raw.post(PHONES, json={"number": "1"}).json()["id"] for _ in range(2)}
    assert len(made) == 2


@pytest.mark.parametrize("key", ["", "x" * 256], ids=["empty", "long"])
def test_a_key_must_have_a_length_that_can_be_kept(raw, key):
    refused(raw.post(PHONES, json={"number": "1"}, headers={"Idempotency-Key": key}), 400, "BadRequest")
    assert numbers(raw) == [demo.NUMBER, OFFICE_NUMBER]


# Names of options


@pytest.mark.parametrize("query", [
    "$filter=type eq 'business'&$select=number", "filter=type eq 'business'&select=number",
    "%24filter=type%20eq%20%27business%27&%24select=number", "$FILTER=type eq 'business'&$Select=number",
    "FILTER=TYPE EQ 'BUSINESS'&SELECT=NUMBER", "$filter=type+eq+'business'&$select=number",
    "$select=number&$filter=type eq microsoft.graph.phoneType'business'",
    "$filter=type eq @kind&$select=number&@kind='business'",
])
def test_options_are_understood_with_and_without_the_dollar_in_any_case(raw, query):
    answer = found(raw, f"{PHONES}?{query}")
    assert [{name: value for name, value in item.items() if "@" not in name} for item in answer["value"]] == [
        {"number": OFFICE_NUMBER}]


@pytest.mark.parametrize("option", [
    "$foo", "$Colour", "%24foo", "$apply", "$compute", "$deltatoken", "$levels", "$expand",
])
def test_an_option_that_is_not_known_here_is_refused_by_name(raw, option):
    message = refused(raw.get(f"{PHONES}?{option}=1"), 400, "BadRequest")
    assert option.replace("%24", "$") in message


def test_options_of_others_are_ignored(raw):
    assert numbers(raw, "foo=1&api-version=2&@unused='x'") == [demo.NUMBER, OFFICE_NUMBER]


@pytest.mark.parametrize("query", [
    "$top=1&$top=1", "$top=1&top=2", "$top=1&%24TOP=1", "select=id&$select=number", "$filter=true&$filter=true",
    "$format=json&$format=json", "$filter=number eq @n&@n='1'&@n='2'",
])
def test_an_option_that_stands_twice_is_refused(raw, query):
    assert "twice" in refused(raw.get(f"{PHONES}?{query}"), 400, "BadRequest")


@pytest.mark.parametrize("query", [
    "$top=-1", "$top=x", "$top=", "$top=1.5", "$skip=-1", "$skip=x", "$count=maybe", "$count=", "$filter=", "$select=",
    "$orderby=", "$search=", "$filter=number", "$filter=number eq", "$filter=(number eq '1'", "$filter=number eq '1",
    "$filter=number eq 1", "$filter=type eq 'spaceship'", "$filter=colour eq 'red'", "$orderby=colour",
    "$orderby=source", "$orderby=number sideways", "$select=colour", "$select=number/colour", "$search=%22open",
    "$search=NOT", "$filter=%FF",
])
def test_a_value_that_cannot_be_honoured_is_refused(raw, query):
    message = refused(raw.get(f"{PHONES}?{query}"), 400, "BadRequest")
    assert "%FF" in query or query.split("=")[0] in message


def test_a_function_that_is_known_but_not_offered_is_501(raw):
    message = refused(raw.get(f"{PHONES}?$filter=cast(number,'Edm.String') eq '1'"), 501, "notImplemented")
    assert "cast" in message


@pytest.mark.parametrize("option", ["$filter=true", "$orderby=id", "$search=a", "$top=1", "$skip=1", "$count=true"])
def test_options_of_lists_are_refused_on_one_item(raw, option):
    for path in (PHONE, "/beta/me", "/beta/me/profile"):
        assert option.split("=")[0] in raw.get(f"{path}?{option}").json()["error"]["message"]
        assert raw.get(f"{path}?{option}").status_code == 400


# Filters, orders and searches


@pytest.mark.parametrize(("condition", "expected"), [
    ("number eq '+7 499 234 56 78'", [0]),
    ("number ne '+7 499 234 56 78'", [1, 2]),
    ("displayName eq null", [2]),
    ("displayName ne null", [0, 1]),
    ("displayName ne 'Office'", [0, 2]),
    ("not (displayName eq 'Office')", [0, 2]),
    ("not contains(displayName,'Off')", [0]),
    ("displayName eq 'office'", []),
    ("tolower(displayName) eq 'office'", [1]),
    ("startswith(number,'+7') and endswith(number,'10')", [1]),
    ("type in ('mobile','business')", [0, 1]),
    ("type gt 'home'", [0, 1]),
    ("allowedAudiences has 'organization'", [1, 2]),
    ("allowedAudiences eq 'me'", [0]),
    ("createdDateTime lt 2021-01-01T00:00:00Z", [0]),
    ("year(createdDateTime) eq 2021 or length(displayName) eq 9", [0, 1]),
    ("source/type/any(kind:kind eq 'User')", [0, 1]),
    ("createdBy/user/displayName eq 'Innocenty Popov' and type eq null", [2]),
    ("inference/confidenceScore eq null", [0, 1, 2]),
    ("inference/confidenceScore gt 0.5", []),
])
def test_a_filter_gives_exactly_what_satisfies_it(raw, condition, expected):
    raw.post(PHONES, json={"number": "1"})
    everything = [demo.NUMBER, OFFICE_NUMBER, "1"]
    wanted = [everything[place] for place in expected]
    answer = raw.get(PHONES, params={"$filter": condition, "$count": "true"}).json()
    assert [item["number"] for item in answer["value"]] == wanted
    assert answer["@odata.count"] == len(wanted)
    assert raw.get(f"{PHONES}/$count", params={"$filter": condition}).text == str(len(wanted))


@pytest.mark.parametrize(("order", "expected"), [
    ("displayName", [2, 0, 1]), ("displayName desc", [1, 0, 2]), ("type,number desc", [2, 1, 0]),
    ("createdDateTime desc", [2, 1, 0]), ("length(number) desc,number desc", [1, 0, 2]),
    ("createdBy/user/displayName,type desc", [0, 1, 2]),
])
def test_an_order_puts_null_before_everything_else(raw, order, expected):
    raw.post(PHONES, json={"number": "1"})
    everything = [demo.NUMBER, OFFICE_NUMBER, "1"]
    assert numbers(raw, f"$orderby={order}") == [everything[place] for place in expected]
    paged, link = [], f"{PHONES}?$orderby={order}&$top=1"
    while link:
        page = found(raw, link)
        paged += [item["number"] for item in page["value"]]
        link = page.get("@odata.nextLink")
    assert paged == [everything[place] for place in expected]


def test_the_count_segment_counts_what_filter_and_search_leave(raw):
    for query, count in (
        ("", "2"), ("?$filter=type eq 'mobile'", "1"), ("?$filter=false", "0"), ("?$search=office", "1"),
        ("?search=phone&filter=type eq 'mobile'", "1"),
    ):
        answer = raw.get(f"{PHONES}/$count{query}")
        assert (answer.status_code, answer.text) == (200, count), query
        assert answer.headers["Content-Type"].split(";")[0] == "text/plain"
    for option in ("$top=1", "$orderby=number", "$select=number", "$count=true"):
        assert option.split("=")[0] in refused(raw.get(f"{PHONES}/$count?{option}"), 400, "BadRequest")


def test_a_filter_cannot_reveal_what_the_reader_may_not_see(raw, reader):
    hidden = {"$filter": f"number eq '{FAMILY_NUMBER}'", "$count": "true"}
    answer = found(raw, COLLEAGUE, params=hidden, headers=reader)
    assert (answer["value"], answer["@odata.count"]) == ([], 0)
    assert raw.get(f"{COLLEAGUE}/$count", params={"$filter": hidden["$filter"]}, headers=reader).text == "0"
    assert raw.get(f"{COLLEAGUE}/$count", params={"$search": "family"}, headers=reader).text == "0"
    everything = found(raw, COLLEAGUE, params={"$count": "true", "$orderby": "number"}, headers=reader)
    assert {item["id"] for item in everything["value"]} == demo.OTHER_PHONES_FOR_COLLEAGUES
    assert everything["@odata.count"] == 2


# Pages


def test_top_is_the_size_of_a_page(raw):
    first = found(raw, f"{PHONES}?$top=1&$count=true")
    assert ([item["number"] for item in first["value"]], first["@odata.count"]) == ([demo.NUMBER], 2)
    second = found(raw, first["@odata.nextLink"])
    assert [item["number"] for item in second["value"]] == [OFFICE_NUMBER]
    assert "@odata.nextLink" not in second and "@odata.count" not in second


def test_a_page_has_100_items_unless_asked_and_999_at_most(raw):
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: raw.post(PHONES, json={}, headers={"Prefer": "return=minimal"}), range(998)))
    assert {answer.status_code for answer in made} == {204}
    queries = ("", "$top=998", "$top=999", "$top=5000")
    sizes = {query: len(found(raw, f"{PHONES}?{query}")["value"]) for query in queries}
    assert sizes == {"": 100, "$top=998": 998, "$top=999": 999, "$top=5000": 999}
    last = found(raw, found(raw, f"{PHONES}?$top=5000")["@odata.nextLink"])
    assert len(last["value"]) == 1
    assert "@odata.nextLink" not in last


def test_a_preferred_size_is_kept_by_the_link_and_said_to_be_applied(raw):
    answer = raw.get(PHONES, headers={"Prefer": "odata.maxpagesize=1"})
    assert answer.headers["Preference-Applied"] == "odata.maxpagesize=1"
    assert len(answer.json()["value"]) == 1
    raw.post(PHONES, json={})
    assert numbers(raw, answer.json()["@odata.nextLink"].split("?")[1]) == [OFFICE_NUMBER]


@pytest.mark.parametrize("size", ["0", "-1", "x", ""])
def test_a_preferred_size_that_makes_no_sense_is_ignored(raw, size):
    answer = raw.get(PHONES, headers={"Prefer": f"odata.maxpagesize={size}"})
    assert "Preference-Applied" not in answer.headers
    assert len(answer.json()["value"]) == 2


def test_links_are_on_the_host_that_the_client_used(server, raw):
    assert found(raw, f"{PHONES}?$top=1")["@odata.nextLink"].startswith(f"{server.http}{PHONES}?$top=1&$skiptoken=")
    secure = found(raw, f"{server.https}{PHONES}?$top=1")["@odata.nextLink"]
    assert secure.startswith(f"{server.https}{PHONES}?")
    named = found(raw, f"{PHONES}?$top=1", headers={"Host": "profiles.example:8443"})["@odata.nextLink"]
    assert named.startswith(f"http://profiles.example:8443{PHONES}?")


def test_skipped_items_are_skipped_once(raw):
    raw.post(PHONES, json={"number": "1"})
    first = found(raw, f"{PHONES}?$skip=1&$top=1&$count=true")
    assert ([item["number"] for item in first["value"]], first["@odata.count"]) == ([OFFICE_NUMBER], 3)
    assert [item["number"] for item in found(raw, first["@odata.nextLink"])["value"]] == ["1"]
    assert numbers(raw, "$skip=99") == []


def tampered(token: str) -> list[str]:
    """Tokens that are almost the right one."""
    def other(letter: str) -> str:
        return "A" if letter != "A" else "B"

    middle = len(token) // 2
    return [
        other(token[0]) + token[1:], token[:middle] + other(token[middle]) + token[middle + 1:],
        token[:-4], token + "AAAA", token[4:], token.swapcase(), "AAAA", "", "x y",
    ]


def test_a_token_that_was_tampered_with_is_refused(raw):
    token = token_of(found(raw, f"{PHONES}?$top=1")["@odata.nextLink"])
    assert numbers(raw, f"$top=1&$skiptoken={token}") == [OFFICE_NUMBER]
    for wrong in tampered(token):
        message = refused(raw.get(f"{PHONES}?$top=1&$skiptoken={wrong}"), 400, "BadRequest")
        assert "$skiptoken" in message


def test_a_token_is_of_one_person(server, raw):
    colleague = bearer(server.user_token("User.ReadWrite", demo.OTHER_UPN))
    mine = token_of(found(raw, f"{PHONES}?$top=1")["@odata.nextLink"])
    theirs = token_of(found(raw, f"{PHONES}?$top=1", headers=colleague)["@odata.nextLink"])
    refused(raw.get(f"{PHONES}?$top=1&$skiptoken={theirs}"), 400, "BadRequest")
    refused(raw.get(f"{PHONES}?$top=1&$skiptoken={mine}", headers=colleague), 400, "BadRequest")


@pytest.mark.parametrize("query", ["$filter=type eq 'mobile'", "$filter=true", "$orderby=number", "$search=office"])
def test_a_token_is_of_one_query(raw, query):
    token = token_of(found(raw, f"{PHONES}?$top=1&$filter=number ne 'x'")["@odata.nextLink"])
    for other in (query, ""):
        refused(raw.get(f"{PHONES}?$top=1&{other}&$skiptoken={token}"), 400, "BadRequest")


def test_a_token_is_of_one_collection(raw):
    token = token_of(found(raw, f"{PHONES}?$top=1")["@odata.nextLink"])
    refused(raw.get(f"/beta/me/profile/emails?$top=1&$skiptoken={token}"), 400, "BadRequest")


def test_a_link_does_not_tell_where_the_page_ended(raw):
    first = found(raw, f"{PHONES}?$orderby=displayName&$top=1")
    assert [item["displayName"] for item in first["value"]] == ["Car Phone"]
    token = token_of(first["@odata.nextLink"])
    place = urlsafe_b64decode(token + "=" * (-len(token) % 4))
    assert b"phone" not in place.lower()
    assert demo.PHONE.encode() not in place


# Selections


@pytest.mark.parametrize(("select", "context", "expected"), [
    ("number", "number", {"number": demo.NUMBER}),
    ("Number,ID", "id,number", {"id": demo.PHONE, "number": demo.NUMBER}),
    ("number,number", "number", {"number": demo.NUMBER}),
    ("source/type", "source/type", {"source": {"type": "User"}}),
    ("createdBy/user/id", "createdBy/user/id", {"createdBy": {"user": {"id": demo.USER}}}),
    ("createdBy($select=user($select=displayName))", "createdBy/user/displayName",
     {"createdBy": {"user": {"displayName": demo.USER_NAME}}}),
    ("inference/confidenceScore", "inference/confidenceScore", {"inference": None}),
])
def test_a_selection_gives_what_it_names_and_the_context_names_it_too(raw, select, context, expected):
    answer = found(raw, f"{PHONE}?$select={select}")
    url, _, fragment = answer["@odata.context"].partition("#")
    start, names_in_context = fragment.removesuffix(")/$entity").split("phones(")
    assert url.endswith("/beta/$metadata")
    assert start == f"users('{demo.USER}')/profile/"
    assert sorted(names_in_context.split(",")) == sorted(context.split(","))
    assert {name: value for name, value in answer.items() if "@" not in name} == expected
    assert answer["@odata.etag"]


def test_the_context_of_a_list_names_the_selection(raw, reader):
    assert found(raw, f"{PHONES}?$select=number")["@odata.context"].endswith("/profile/phones(number)")
    users = found(raw, "/beta/users?$select=displayName", headers=reader)
    assert users["@odata.context"].endswith("$metadata#users(displayName)")
    one = found(raw, "/beta/me?$select=displayName")
    assert one["@odata.context"].endswith("$metadata#users(displayName)/$entity")
    assert {name: value for name, value in one.items() if "@" not in name} == {"displayName": demo.USER_NAME}


def test_a_write_answers_only_what_is_selected(raw):
    changed = raw.patch(f"{PHONE}?$select=number", json={"number": "1", "displayName": "One"}).json()
    assert {name for name in changed if "@" not in name} == {"number"}
    assert changed["number"] == "1"
    assert changed["@odata.context"].endswith("/profile/phones(number)/$entity")
    made = raw.post(f"{PHONES}?$select=id,type", json={"number": "2", "type": "home"})
    assert made.status_code == 201
    assert {name for name in made.json() if "@" not in name} == {"id", "type"}
    assert numbers(raw) == ["1", OFFICE_NUMBER, "2"]
    assert found(raw, PHONE)["displayName"] == "One"


def test_a_write_that_prefers_no_answer_gets_none_although_it_selects(raw):
    answer = raw.patch(f"{PHONE}?$select=number", json={"number": "1"}, headers={"Prefer": "return=minimal"})
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["Preference-Applied"] == "return=minimal"


# Expansions


def test_an_expanded_collection_is_filtered_ordered_counted_and_paged(server, raw):
    options = "$filter=startswith(number,'%2B7');$orderby=number desc;$top=1;$count=true;$select=number"
    raw.post(PHONES, json={"number": "1"})
    answer = found(raw, f"/beta/me/profile?$expand=phones({options})")
    assert {name for name in answer if "@" not in name} == {"id", "phones"}
    assert [item["number"] for item in answer["phones"]] == [OFFICE_NUMBER]
    assert {name for name in answer["phones"][0] if "@" not in name} == {"number"}
    assert answer["phones@odata.count"] == 2
    assert answer["phones@odata.context"].endswith("/profile/phones(number)")
    link = answer["phones@odata.nextLink"]
    assert link.startswith(f"{server.http}{PHONES}?")
    rest = found(raw, link)
    assert [{name: value for name, value in item.items() if "@" not in name} for item in rest["value"]] == [
        {"number": demo.NUMBER}]
    assert "@odata.nextLink" not in rest


@pytest.mark.parametrize(("options", "expected"), [
    ("", [demo.NUMBER, OFFICE_NUMBER]), ("($search=office)", [OFFICE_NUMBER]), ("($skip=1)", [OFFICE_NUMBER]),
    ("($top=0)", []), ("(filter=type eq 'business';select=number)", [OFFICE_NUMBER]),
    ("($filter=displayName eq 'a;b)')", []), ("($filter=number eq @n)&@n='%2B7 499 555 01 10'", [OFFICE_NUMBER]),
])
def test_options_of_an_expansion_stand_between_semicolons(raw, options, expected):
    answer = found(raw, f"/beta/me/profile?$expand=phones{options}")
    assert [item["number"] for item in answer["phones"]] == expected
    assert "emails" not in answer


def test_several_collections_are_expanded_each_by_its_own_options(raw):
    answer = found(raw, "/beta/me/profile?$expand=phones($top=1;$select=number),emails($select=id)&$select=id")
    assert {name for name in answer if "@" not in name} == {"id", "phones", "emails"}
    assert [len(answer["phones"]), len(answer["emails"])] == [1, 2]
    assert "phones@odata.nextLink" in answer and "emails@odata.nextLink" not in answer


@pytest.mark.parametrize("expand", [
    "colour", "id", "phones,phones", "phones($top=1;top=2)", "phones($levels=1)", "phones($expand=x)", "phones($foo=1)",
    "phones($filter=colour eq 'red')", "phones($top=1", "phones()", "",
])
def test_an_expansion_that_cannot_be_honoured_is_refused(raw, expand):
    refused(raw.get(f"/beta/me/profile?$expand={expand}"), 400, "BadRequest")


# People


@pytest.mark.parametrize(("query", "expected"), [
    ("$filter=department eq 'Research'", [LENA]),
    ("$filter=startswith(displayName,'A') or jobTitle eq 'Field Engineer'&$orderby=surname", [AMARA, demo.USER_NAME]),
    ("$filter=mobilePhone eq null", [AMARA]),
    ("$filter=businessPhones/any(phone:startswith(phone,'%2B49'))", [LENA]),
    ("$filter=not (department eq 'Research')&$orderby=surname desc", [demo.USER_NAME, AMARA]),
    ("$orderby=displayName desc", [LENA, demo.USER_NAME, AMARA]),
    ("$orderby=preferredLanguage", [LENA, AMARA, demo.USER_NAME]),
    ("$search=okafor", [AMARA]),
    ('$search="displayName:lena" OR "jobTitle:people"&$orderby=displayName', [AMARA, LENA]),
    ("$search=contoso NOT lagos NOT berlin", [demo.USER_NAME]),
    ("$filter=department eq 'Nobody'", []),
])
def test_people_are_filtered_ordered_and_searched(raw, reader, query, expected):
    found_names = names(raw, reader, query)
    assert found_names == expected
    assert found(raw, f"/beta/users?$count=true&$top=0&{query}", headers=reader)["@odata.count"] == len(expected)


def test_people_are_paged_one_by_one_in_their_order(raw, reader):
    link = "/beta/users?$top=1&$count=true&$orderby=displayName desc&$filter=department ne 'People'&$select=displayName"
    pages = []
    while link:
        pages.append(found(raw, link, headers=reader))
        link = pages[-1].get("@odata.nextLink")
    assert [[person["displayName"] for person in page["value"]] for page in pages] == [[LENA], [demo.USER_NAME]]
    assert [page.get("@odata.count") for page in pages] == [2, None]


def test_people_are_counted(raw, reader):
    for query, count in (("", "3"), ("?$filter=department eq 'Research'", "1"), ("?$search=okafor", "1")):
        assert raw.get(f"/beta/users/$count{query}", headers=reader).text == count, query


def test_headers_of_advanced_queries_are_not_needed_and_do_no_harm(raw, reader):
    query = "$filter=endsWith(mail,'contoso.example') and department ne 'People'&$orderby=displayName"
    expected = [demo.USER_NAME, LENA]
    assert names(raw, reader, query) == expected
    assert names(raw, {**reader, "ConsistencyLevel": "eventual"}, f"{query}&$count=true") == expected


def test_who_may_read_only_names_cannot_ask_for_more(server, raw):
    basic = bearer(server.user_token("User.ReadBasic.All", demo.UPN))
    assert names(raw, basic, "$filter=surname eq 'Brandt'") == [LENA]
    for query in ("$filter=department eq 'Research'", "$search=research", "$filter=jobTitle ne null"):
        assert names(raw, basic, query) == [], query
        assert raw.get(f"/beta/users/$count?{query}", headers=basic).text == "0", query
