"""Lists through the official SDK: its page iterator during concurrent writes, and its query parameters."""

from __future__ import annotations

import random
import threading
from collections import Counter, deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone

import pytest
from kiota_abstractions.base_request_configuration import RequestConfiguration
from msgraph_beta.generated.models.o_data_errors.o_data_error import ODataError
from msgraph_beta.generated.models.phone_type import PhoneType
from msgraph_beta.generated.users.item.profile.phones.phones_request_builder import PhonesRequestBuilder
from msgraph_beta.generated.users.item.profile.profile_request_builder import ProfileRequestBuilder
from msgraph_beta.generated.users.users_request_builder import UsersRequestBuilder
from msgraph_core.tasks.page_iterator import PageIterator

import demo
from graph_client import StaticToken, graph_client

pytestmark = pytest.mark.anyio

PHONES = "/beta/me/profile/phones"
PAGE = 7
# The most items of one collection: a writer must delete one before it adds one.
FULL = 1_000
DEMO_PHONES = 2
# These tests keep a machine busy, and one that is slow is no failure.
PATIENCE_SECONDS = 60
START = datetime(2024, 1, 1, tzinfo=timezone.utc)
MINIMAL = {"Prefer": "return=minimal"}
NUMBERS = [f"+1 425 555 {last:04}" for last in range(1, 6)]
KINDS = ["home", "business", "home", "mobile", "home"]


def asking(parameters: type, **options) -> RequestConfiguration:
    """What a call asks for, by the SDK's own names of the query options."""
    return RequestConfiguration(query_parameters=parameters(**options))


def phones_asking(**options) -> RequestConfiguration:
    return asking(PhonesRequestBuilder.PhonesRequestBuilderGetQueryParameters, **options)


def users_asking(**options) -> RequestConfiguration:
    return asking(UsersRequestBuilder.UsersRequestBuilderGetQueryParameters, **options)


def pages_of_seven_by_top() -> RequestConfiguration:
    return phones_asking(top=PAGE)


def pages_of_seven_by_preference() -> RequestConfiguration:
    configuration = RequestConfiguration()
    configuration.headers.add("Prefer", f"odata.maxpagesize={PAGE}")
    return configuration


def create(raw, place: int) -> str:
    """Creates a phone; gives its id. The list is ordered by the time of creation, and three phones share each time."""
    created = START + timedelta(minutes=place // 3)
    body = {"number": str(place), "createdDateTime": created.isoformat()}
    answer = raw.post(PHONES, json=body, headers=MINIMAL, timeout=PATIENCE_SECONDS)
    assert answer.status_code == 204, answer.text
    return answer.headers["Location"].rsplit("/", 1)[-1]


@pytest.fixture
def full(raw) -> list[str]:
    """The ids of all phones of Innocenty, who has as many as one can have."""
    before = [item["id"] for item in raw.get(PHONES).json()["value"]]
    assert len(before) == DEMO_PHONES
    with ThreadPoolExecutor(8) as pool:
        return before + list(pool.map(lambda place: create(raw, place), range(FULL - DEMO_PHONES)))


@pytest.fixture
def five(raw) -> list[str]:
    """The ids of the only phones of Innocenty, one for each of `NUMBERS`, in the order of their creation."""
    for item in raw.get(PHONES).json()["value"]:
        raw.delete(f"{PHONES}/{item['id']}")
    bodies = [{"number": number, "type": kind, "displayName": f"Line {place}"}
              for place, (number, kind) in enumerate(zip(NUMBERS, KINDS), 1)]
    return [raw.post(PHONES, json=body).json()["id"] for body in bodies]


def disturb(raw, doomed: list[str], stop: threading.Event) -> list[str]:
    """Deletes phones one by one and creates one for each, anywhere but at the end; gives the ids of the new ones."""
    places = random.Random(7)
    waiting = deque(doomed)
    made = []
    while not stop.wait(0.05):  # Some room for the other one: the SDK is busy for some milliseconds with each item.
        answer = raw.delete(f"{PHONES}/{waiting.popleft()}", timeout=PATIENCE_SECONDS)
        assert answer.status_code == 204, answer.text
        made.append(create(raw, places.randrange(FULL - 2 * PAGE)))
        waiting.append(made[-1])
    return made


@contextmanager
def another_client_writing(raw, doomed: list[str]):
    """Writes for as long as the block runs, and checks that it did."""
    stop = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(disturb, raw, doomed, stop)
        try:
            yield
        finally:
            stop.set()
        assert len(writing.result()) >= 10, "Too little was written to disturb anybody."


async def iterated(graph, first) -> tuple[list[str], list]:
    """Iterates over a list as users of the SDK do; returns the ids of the items, and the pages."""
    ids, pages = [], []
    iterator = PageIterator(first, graph.request_adapter)

    def see(item) -> bool:
        if not pages or pages[-1] is not iterator.current_page:
            pages.append(iterator.current_page)
        ids.append(item.id)
        return True

    await iterator.iterate(see)
    return ids, pages


@pytest.mark.parametrize("ask", [pages_of_seven_by_top, pages_of_seven_by_preference])
async def test_the_iterator_sees_each_phone_once_while_others_come_and_go(server, graph, raw, full, ask):
    doomed = random.Random(1).sample(full[:-PAGE], 100)  # So that nobody empties the last page.
    with another_client_writing(raw, doomed):
        first = await graph.me().profile.phones.get(request_configuration=ask())
        ids, pages = await iterated(graph, first)
    repeated = {item: count for item, count in Counter(ids).items() if count > 1}
    assert repeated == {}
    assert set(full) - set(doomed) - set(ids) == set()
    assert {len(page.value) for page in pages[:-1]} == {PAGE}
    assert 1 <= len(pages[-1].value) <= PAGE
    assert all(page.odata_next_link.startswith(f"{server.http}/beta/") for page in pages[:-1])
    assert pages[-1].odata_next_link is None


async def test_pages_hold_all_phones_in_the_order_of_their_creation(raw, full):
    pages = []
    link = f"{PHONES}?$top={PAGE}&$select=id"
    while link:
        answer = raw.get(link).json()
        pages.append([item["id"] for item in answer["value"]])
        link = answer.get("@odata.nextLink")
    threes = [full[start:start + 3] for start in range(DEMO_PHONES, FULL, 3)]
    # Where times are equal, ids decide.
    assert sum(pages, []) == full[:DEMO_PHONES] + [item for three in threes for item in sorted(three)]
    assert [len(page) for page in pages] == [PAGE] * 142 + [FULL - 142 * PAGE]


async def test_a_page_continues_after_its_last_phone_even_if_that_was_deleted(graph, raw, five):
    phones = graph.me().profile.phones
    first = await phones.get(request_configuration=phones_asking(top=2))
    assert [item.id for item in first.value] == five[:2]
    for gone in (five[1], five[2]):
        assert raw.delete(f"{PHONES}/{gone}").status_code == 204
    assert raw.post(PHONES, json={"createdDateTime": "2001-01-01T00:00:00Z"}).status_code == 201
    second = await phones.with_url(first.odata_next_link).get()
    assert [item.id for item in second.value] == five[3:]
    assert second.odata_next_link is None


async def test_a_preference_lowers_top_and_never_raises_it(graph, five):
    for top, preferred, expected in ((4, 2, 2), (2, 4, 2)):
        configuration = phones_asking(top=top)
        configuration.headers.add("Prefer", f"odata.maxpagesize={preferred}")
        first = await graph.me().profile.phones.get(request_configuration=configuration)
        ids, pages = await iterated(graph, first)
        assert ids == five
        assert [len(page.value) for page in pages] == [expected, expected, 1]


async def test_a_page_of_none_is_the_end(graph, five):
    answer = await graph.me().profile.phones.get(request_configuration=phones_asking(top=0, count=True))
    assert answer.value == []
    assert answer.odata_next_link is None
    assert answer.odata_count == len(five)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_next_links_are_absolute_on_the_host_that_the_client_used(server, delegated, five, host):
    base = server.http.replace("127.0.0.1", host)
    graph = graph_client(f"{base}/beta", StaticToken(delegated), allowed_hosts=[host])
    first = await graph.me().profile.phones.get(request_configuration=phones_asking(top=2))
    ids, pages = await iterated(graph, first)
    assert ids == five
    assert [page.odata_next_link.startswith(f"{base}/beta/") for page in pages[:-1]] == [True, True]


async def test_filter_gives_only_what_satisfies_it(graph, five):
    wanted = phones_asking(filter="type eq 'home' and number ne '+1 425 555 0003'")
    answer = await graph.me().profile.phones.get(request_configuration=wanted)
    assert [item.id for item in answer.value] == [five[0], five[4]]
    assert {item.type for item in answer.value} == {PhoneType.Home}


async def test_filter_takes_quotes_plus_signs_and_other_letters(graph, raw, five):
    made = raw.post(PHONES, json={"number": "+49 (0)30 & Söhne's #1?"}).json()["id"]
    answer = await graph.me().profile.phones.get(
        request_configuration=phones_asking(filter="number eq '+49 (0)30 & Söhne''s #1?'"))
    assert [item.id for item in answer.value] == [made]


async def test_orderby_continues_across_pages_and_keys(graph, five):
    wanted = phones_asking(orderby=["type", "number desc"], top=2)
    ids, pages = await iterated(graph, await graph.me().profile.phones.get(request_configuration=wanted))
    assert ids == [five[4], five[2], five[0], five[1], five[3]]
    assert len(pages) == 3


async def test_filter_and_orderby_stay_with_the_pages(graph, five):
    wanted = phones_asking(filter="type eq 'home'", orderby=["number desc"], top=1)
    ids, pages = await iterated(graph, await graph.me().profile.phones.get(request_configuration=wanted))
    assert ids == [five[4], five[2], five[0]]
    assert len(pages) == 3


async def test_select_gives_only_what_is_named_on_every_page(graph, five):
    wanted = phones_asking(select=["id", "number"], top=3)
    first = await graph.me().profile.phones.get(request_configuration=wanted)
    second = await graph.me().profile.phones.with_url(first.odata_next_link).get()
    items = first.value + second.value
    assert [(item.id, item.number) for item in items] == list(zip(five, NUMBERS))
    for item in items:
        assert (item.display_name, item.type, item.created_by, item.created_date_time) == (None, None, None, None)
        assert item.allowed_audiences is None
        assert set(item.additional_data) == {"@odata.etag"}
    assert first.additional_data["@odata.context"].endswith("/profile/phones(id,number)")


async def test_count_is_of_all_pages_and_on_the_first_only(graph, five):
    wanted = phones_asking(filter="type eq 'home'", count=True, top=2)
    first = await graph.me().profile.phones.get(request_configuration=wanted)
    assert (first.odata_count, len(first.value)) == (3, 2)
    second = await graph.me().profile.phones.with_url(first.odata_next_link).get()
    assert (second.odata_count, len(second.value)) == (None, 1)


async def test_no_count_is_given_unasked(graph, five):
    for wanted in (phones_asking(top=2), phones_asking(top=2, count=False)):
        answer = await graph.me().profile.phones.get(request_configuration=wanted)
        assert answer.odata_count is None


@pytest.mark.parametrize(("search", "expected"), [
    ('"line 2"', [1]),
    ("LINE 0003", [2]),
    ('"displayName:line" NOT mobile', [0, 1, 2, 4]),
    ("business OR mobile", [1, 3]),
    ("nothing", []),
])
async def test_search_finds_words_and_phrases_in_any_case(graph, five, search, expected):
    answer = await graph.me().profile.phones.get(request_configuration=phones_asking(search=search, count=True))
    assert [item.id for item in answer.value] == [five[place] for place in expected]
    assert answer.odata_count == len(expected)


async def test_skip_leaves_out_the_first_and_is_not_repeated_on_the_next_page(graph, five):
    wanted = phones_asking(skip=1, top=2)
    ids, _ = await iterated(graph, await graph.me().profile.phones.get(request_configuration=wanted))
    assert ids == five[1:]


async def test_the_count_segment_is_a_number(graph, five):
    assert await graph.me().profile.phones.count.get() == len(five)


async def test_a_filter_that_cannot_be_read_arrives_as_an_error(graph, five):
    with pytest.raises(ODataError) as caught:
        await graph.me().profile.phones.get(request_configuration=phones_asking(filter="colour eq 'red'"))
    assert caught.value.response_status_code == 400
    assert caught.value.error.code == "BadRequest"
    assert "colour" in caught.value.error.message


async def test_an_expanded_collection_continues_at_its_own_link(server, graph, five):
    parameters = ProfileRequestBuilder.ProfileRequestBuilderGetQueryParameters
    wanted = asking(parameters, expand=["phones($orderby=number desc;$top=2;$select=number)"])
    profile = await graph.me().profile.get(request_configuration=wanted)
    assert [item.number for item in profile.phones] == NUMBERS[:2:-1]
    link = profile.additional_data["phones@odata.nextLink"]
    assert link.startswith(f"{server.http}/beta/")
    ids = []
    while link:
        page = await graph.me().profile.phones.with_url(link).get()
        ids += [item.number for item in page.value]
        link = page.odata_next_link
    assert ids == NUMBERS[2::-1]


async def test_people_are_filtered_ordered_searched_and_paged(server):
    token = server.user_token("User.Read.All", demo.UPN)
    graph = graph_client(f"{server.http}/beta", StaticToken(token))
    wanted = users_asking(
        filter="department ne 'Research'", orderby=["displayName desc"], select=["id", "displayName"], count=True,
        top=1)
    wanted.headers.add("ConsistencyLevel", "eventual")
    first = await graph.users.get(request_configuration=wanted)
    assert first.odata_count == 2
    assert [person.display_name for person in first.value] == [demo.USER_NAME]
    assert first.value[0].mail is None
    ids, pages = await iterated(graph, first)
    assert (len(ids), ids[0], len(pages)) == (2, demo.USER, 2)
    found = await graph.users.get(request_configuration=users_asking(search='"displayName:okafor"'))
    assert [person.user_principal_name for person in found.value] == [demo.OTHER_UPN]
