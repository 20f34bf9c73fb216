"""Who sees which item, whichever way they ask: every audience and every relation, against the documented tables.

One owner has a phone for each of the 64 audiences that can be stored. What each caller finds must be exactly what the
oracle says, and no question may be answered differently by what is hidden.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple
from urllib.parse import quote

import httpx
import pytest

from http_calls import batch, listed, outcome, pages, part, refused, url
from running_server import RunningServer
from seeding import ADMIRING_TENANT, FEDERATED_TENANT, PERSONAL_TENANT, group, identifier, item, member, person, write
from visibility_oracle import AUDIENCES, CALLERS, EVERY_FLAG, FLAGS, HOME, Caller
from visibility_oracle import expected, knows_the_owner, named, sees, sees_everything

OWNER = identifier(1)
PROFILE = f"/users/{OWNER}/profile"
PHONES = f"{PROFILE}/phones"
COMMON_GROUP, OTHER_GROUP = identifier(2), identifier(3)
GROUPS = {"common": COMMON_GROUP, "other": OTHER_GROUP}
IDS = {caller.name: identifier(100 + place) for place, caller in enumerate(CALLERS)}
BY_NAME = {caller.name: caller for caller in CALLERS}
STALE = {"If-Match": 'W/"987654321"'}
MASKS = (
    0, FLAGS["organization"] | FLAGS["everyone"], FLAGS["contacts"],
    FLAGS["family"] | FLAGS["groupMembers"] | FLAGS["federatedOrganizations"], EVERY_FLAG - FLAGS["organization"],
)
each_caller = pytest.mark.parametrize("caller", CALLERS, ids=lambda caller: caller.name)


def phone(audience: int) -> dict:
    """The phone of one audience. Times, numbers and names put the phones in three different orders."""
    number, name, minute = audience * 37 % 64, audience * 23 % 64, audience * 11 % 64
    return {
        "id": f"phone-{audience:02}", "allowedAudiences": named(audience), "number": f"+1 425 555 {1000 + number}",
        "displayName": f"{'Desk' if audience % 2 else 'Car'} word{name:02}", "type": "home",
        "createdDateTime": f"2024-01-01T00:{minute:02}:00Z" if minute < 60 else f"2024-01-01T01:{minute - 60:02}:00Z",
    }


PHONE = {audience: phone(audience) for audience in AUDIENCES}


def seed() -> list[dict]:
    """The owner, everybody who asks, and what connects them."""
    lines = [person(OWNER, "Owner"), group(COMMON_GROUP, "Common"), group(OTHER_GROUP, "Other")]
    people = [caller for caller in CALLERS if not (caller.is_owner or caller.is_namesake or caller.is_application)]
    lines += [person(IDS[caller.name], caller.name, caller.tenant) for caller in people]
    lines += [member(COMMON_GROUP, OWNER)]
    lines += [member(GROUPS[name], IDS[caller.name]) for caller in people for name in caller.groups]
    lines += [item(OWNER, "phones", **PHONE[audience]) for audience in AUDIENCES]
    for caller in people:
        listings = [{"userId": IDS[caller.name], "relationship": kind} for kind in caller.listed_as]
        if caller.listed_by_name:
            listings += [{"userPrincipalName": f"{IDS[caller.name]}@facet.example", "relationship": "spouse"}]
        lines += [item(OWNER, "relationships", id=f"{caller.name}-{place}", displayName=caller.name, **listing)
                  for place, listing in enumerate(listings)]
        if caller.lists_the_owner:
            lines.append(item(IDS[caller.name], "relationships", id="owner", userId=OWNER, relationship="spouse"))
    return lines


class Matrix:
    """The server and one connection for each caller."""

    def __init__(self, server: RunningServer) -> None:
        self.server = server
        self._clients: dict[Caller, httpx.Client] = {}

    def client(self, caller: Caller | str) -> httpx.Client:
        caller = BY_NAME[caller] if isinstance(caller, str) else caller
        if caller not in self._clients:
            self._clients[caller] = self.server.caller(*token_arguments(caller))
        return self._clients[caller]

    @contextmanager
    def unchanged(self) -> Iterator[None]:
        """Checks that nothing of the owner's is changed meanwhile."""
        before = self.client("owner").get(f"/beta{PHONES}").content
        yield
        assert self.client("owner").get(f"/beta{PHONES}").content == before

    @contextmanager
    def policy(self, **values: str) -> Iterator[None]:
        """Sets keys of the owner's tenant's policy, and restores them."""
        usual = {**dict.fromkeys(values, ""), "writersOfOthers": "anyone"}
        self.server.run("tenant", "policy", HOME, *(f"{key}={value}" for key, value in values.items()))
        try:
            yield
        finally:
            self.server.run("tenant", "policy", HOME, *(f"{key}={value}" for key, value in usual.items()))

    def close(self) -> None:
        for client in self._clients.values():
            client.close()
        self.server.stop()


def token_arguments(caller: Caller, scopes: str | None = None) -> list[str]:
    user = OWNER if caller.is_owner or caller.is_namesake else IDS[caller.name]
    scopes = scopes or ("User.ReadWrite" if caller.is_owner else "User.Read.All User.ReadWrite.All")
    who = ["--app", user, "--roles", scopes] if caller.is_application else ["--user", user, "--scopes", scopes]
    return [*who, "--tenant", caller.tenant, *(["--administrator"] if caller.is_administrator else [])]


@pytest.fixture(scope="module")
def matrix(tmp_path_factory) -> Iterator[Matrix]:
    directory = tmp_path_factory.mktemp("matrix")
    server = RunningServer(directory, "--seed", str(write(directory / "seed.ndjson", seed())))
    server.run("tenant", "federate", HOME, FEDERATED_TENANT)
    server.run("tenant", "federate", ADMIRING_TENANT, HOME)
    server.run("tenant", "policy", HOME, "writersOfOthers=anyone")
    running = Matrix(server)
    yield running
    running.close()


def visible(caller: Caller, mask: int = EVERY_FLAG) -> list[dict]:
    """What the caller sees of the phones, in the order of their creation."""
    found = [PHONE[audience] for audience in AUDIENCES if sees(caller, audience, mask)]
    return sorted(found, key=lambda phone: phone["createdDateTime"])


def ids(phones: list[dict]) -> list[str]:
    return [phone["id"] for phone in phones]


def questions(audience: int, prefix: str = "") -> list[dict]:
    """The ways to ask for one item, as parts of a batch or, with a prefix, as requests on their own."""
    path = f"{prefix}{PHONES}/{PHONE[audience]['id']}"
    same = {"number": PHONE[audience]["number"]}
    return [
        part("GET", path), part("GET", f"{path}/number"), part("GET", f"{path}/number/$value"),
        part("GET", url(path, select="number")), part("GET", path, headers={"If-None-Match": "*"}),
        part("PATCH", path, same), part("PATCH", path, same, headers=STALE), part("DELETE", path, headers=STALE),
    ]


def answers(caller: Caller, audience: int, **rules: object) -> list[str]:
    """What the oracle says to those questions."""
    read, unless_known, change_nothing, stale = astuple(expected(caller, audience, **rules))
    return [read, read, read, read, unless_known, change_nothing, stale, stale]


def ask(client: httpx.Client, question: dict) -> httpx.Response:
    return client.request(
        question["method"], question["url"], headers=question.get("headers"), json=question.get("body"))


def asked_in_batches(client: httpx.Client) -> list[list[str]]:
    """The outcomes of all questions for all items."""
    parts = [question for audience in AUDIENCES for question in questions(audience)]
    found = [outcome(answer) for answer in batch(client, parts)]
    return [found[start:start + 8] for start in range(0, len(found), 8)]


# Single items


@each_caller
def test_each_item_exists_for_exactly_those_whom_its_audience_lets_in(matrix, caller):
    client = matrix.client(caller)
    with matrix.unchanged():
        found = {named(audience): [outcome(ask(client, question)) for question in questions(audience, "/beta")]
                 for audience in AUDIENCES}
    assert found == {named(audience): answers(caller, audience) for audience in AUDIENCES}


@each_caller
def test_a_batch_shows_the_same(matrix, caller):
    with matrix.unchanged():
        found = asked_in_batches(matrix.client(caller))
    assert found == [answers(caller, audience) for audience in AUDIENCES]


@each_caller
def test_an_atomic_group_shows_the_same(matrix, caller):
    """Of the two writes of each group one is refused, or both: one says why, the other that it did not run."""
    parts, wanted = [], []
    for audience in AUDIENCES:
        path, same = f"{PHONES}/{PHONE[audience]['id']}", {"number": PHONE[audience]["number"]}
        parts += [part("PATCH", path, same, atomicityGroup=f"g{audience}"),
                  part("DELETE", path, headers=STALE, atomicityGroup=f"g{audience}")]
        wanted.append({expected(caller, audience).stale, "424 failedDependency"})
    with matrix.unchanged():
        found = [outcome(answer) for answer in batch(matrix.client(caller), parts)]
    assert [set(pair) for pair in zip(found[::2], found[1::2], strict=True)] == wanted


@each_caller
def test_what_is_read_is_what_is_stored(matrix, caller):
    client = matrix.client(caller)
    for shown in visible(caller) if caller.name != "personal" else []:
        path = f"/beta{PHONES}/{shown['id']}"
        assert client.get(path).json() | shown == client.get(path).json()
        assert client.get(f"{path}/number").json()["value"] == shown["number"]
        assert client.get(f"{path}/number/$value").text == shown["number"]


# Lists


def lists(caller: Caller) -> bool:
    """Whether the caller may ask for the lists of the owner at all."""
    return knows_the_owner(caller)


def refused_list(caller: Caller, answer: httpx.Response) -> None:
    if caller.name == "personal":
        refused(answer, 403, "ErrorInsufficientPermissionsInAccessToken")
    else:
        refused(answer, 404, "Request_ResourceNotFound")


@each_caller
def test_lists_and_counts_hold_what_is_visible(matrix, caller):
    client, shown = matrix.client(caller), visible(caller)
    addresses = [PHONES, f"{PHONES}/$count", PROFILE, url(PROFILE, expand="phones")]
    if not lists(caller):
        for address in addresses:
            refused_list(caller, client.get(f"/beta{address}"))
        return
    whole = client.get(url(f"/beta{PHONES}", count="true")).json()
    assert ([one["id"] for one in whole["value"]], whole["@odata.count"]) == (ids(shown), len(shown))
    assert client.get(f"/beta{PHONES}/$count").text == str(len(shown))
    assert listed(client, url(f"/beta{PHONES}", select="id,number"), "number") == [one["number"] for one in shown]
    assert listed(client, url(f"/beta{PHONES}", skip=3)) == ids(shown)[3:]
    for address in addresses[2:]:
        profile = client.get(f"/beta{address}").json()
        assert [one["id"] for one in profile["phones"] or []] == ids(shown), address


@each_caller
@pytest.mark.parametrize(("order", "key"), [
    ("number desc", lambda one: -int(one["number"][-4:])), ("displayName", lambda one: one["displayName"]),
    ("allowedAudiences", lambda one: int(one["id"][-2:])), ("createdDateTime desc,id", None),
], ids=["number", "name", "audience", "created"])
def test_orders_page_by_page_hold_what_is_visible(matrix, caller, order, key):
    client, shown = matrix.client(caller), visible(caller)
    if not lists(caller):
        return refused_list(caller, client.get(url(f"/beta{PHONES}", orderby=order, top=1)))
    wanted = ids(sorted(shown, key=key) if key else shown[::-1])
    found = list(pages(client, url(f"/beta{PHONES}", orderby=order, top=1, count="true")))
    assert [one["id"] for page in found for one in page["value"]] == wanted
    assert found[0]["@odata.count"] == len(wanted)
    assert all(len(page["value"]) == 1 for page in found) or not wanted


@each_caller
def test_filters_and_searches_find_what_is_visible(matrix, caller):
    """Each phone by a value of its own, and several by a shared one."""
    client, shown = matrix.client(caller), visible(caller)
    if not lists(caller):
        return refused_list(caller, client.get(url(f"/beta{PHONES}", filter="true")))
    everything = list(PHONE.values())
    alone = [[one["id"]] if one in shown else [] for one in everything]
    for query in (
        lambda one: {"filter": f"number eq '{one['number']}'"},
        lambda one: {"search": one["displayName"].split()[1], "count": "true"},
    ):
        found = batch(client, [part("GET", url(PHONES, **query(one))) for one in everything])
        assert [ids(answer["body"]["value"]) for answer in found] == alone
        assert [answer["body"].get("@odata.count", len(one)) for answer, one in zip(found, alone)] == [*map(len, alone)]
    counts = [part("GET", url(f"{PHONES}/$count", filter=f"id eq '{one['id']}'")) for one in everything]
    assert [answer["body"] for answer in batch(client, counts)] == [str(len(one)) for one in alone]
    for query, keep in (
        ({"filter": "startswith(number,'+1 425 555 101')"}, lambda one: "555 101" in one["number"]),
        ({"filter": "contains(displayName,'Desk')"}, lambda one: "Desk" in one["displayName"]),
        ({"search": "desk"}, lambda one: "Desk" in one["displayName"]),
        ({"search": "NOT desk"}, lambda one: "Desk" not in one["displayName"]),
        ({"filter": "allowedAudiences has 'family'"}, lambda one: "family" in one["allowedAudiences"]),
        ({"filter": "allowedAudiences eq 'me'"}, lambda one: one["allowedAudiences"] == "me"),
    ):
        kept = [one for one in shown if keep(one)]
        assert listed(client, url(f"/beta{PHONES}", **query)) == ids(kept), query
        assert client.get(url(f"/beta{PHONES}/$count", **query)).text == str(len(kept)), query


@each_caller
def test_expansions_and_pages_of_a_profile_hold_what_is_visible(matrix, caller):
    client, shown = matrix.client(caller), visible(caller)
    options = "$filter=contains(displayName,'Desk');$orderby=number;$count=true;$top=5"
    address = f"/beta{PROFILE}?$expand={quote(f'phones({options})')}"
    if not lists(caller):
        return refused_list(caller, client.get(address))
    desks = ids(sorted((one for one in shown if "Desk" in one["displayName"]), key=lambda one: one["number"]))
    profile = client.get(address).json()
    first = [one["id"] for one in profile["phones"] or []]
    assert profile["phones@odata.count"] == len(desks)
    assert first + listed(client, profile.get("phones@odata.nextLink")) == desks


# Policies


@pytest.mark.parametrize("mask", MASKS, ids=named)
def test_a_mask_takes_flags_away_from_everybody_but_the_owner_and_applications(matrix, mask):
    with matrix.policy(allowedAudiences=named(mask)):
        for caller in CALLERS:
            client, shown = matrix.client(caller), visible(caller, mask)
            with matrix.unchanged():
                wanted = [answers(caller, audience, mask=mask) for audience in AUDIENCES]
                assert asked_in_batches(client) == wanted, caller.name
            if knows_the_owner(caller, mask):
                assert listed(client, url(f"/beta{PHONES}", orderby="createdDateTime desc", top=7)) == ids(shown)[::-1]
                assert client.get(f"/beta{PHONES}/$count").text == str(len(shown)), caller.name
            else:
                refused_list(caller, client.get(f"/beta{PHONES}"))


@pytest.mark.parametrize("mask", MASKS, ids=named)
def test_an_audience_beyond_the_mask_is_refused_to_everybody(matrix, mask):
    path = f"{PHONES}/{PHONE[EVERY_FLAG]['id']}"
    refusal, beyond = "403 ErrorAccessDeniedForRole", [audience for audience in AUDIENCES if audience & ~mask]
    with matrix.policy(allowedAudiences=named(mask)), matrix.unchanged():
        for name in ("owner", "application"):
            parts = [part("PATCH", path, {"allowedAudiences": named(audience)}) for audience in beyond[::5]]
            parts += [part("POST", PHONES, {"allowedAudiences": named(audience)}) for audience in beyond[::7]]
            found = [outcome(answer) for answer in batch(matrix.client(name), parts)]
            assert set(found) == {refusal}


def test_where_administrators_write_others_may_read_only(matrix):
    with matrix.policy(writersOfOthers="administrators"), matrix.unchanged():
        for caller in CALLERS:
            wanted = [answers(caller, audience, anyone_writes=False) for audience in AUDIENCES]
            assert asked_in_batches(matrix.client(caller)) == wanted, caller.name


# People nearby


@each_caller
@pytest.mark.parametrize("scopes", ["People.Read.All", "People.Read.All User.Read.All"])
def test_who_stands_near_the_owner_is_told_by_what_is_visible(matrix, caller, scopes):
    with matrix.server.caller(*token_arguments(caller, scopes)) as client:
        answer = client.get(f"/v1.0/users/{OWNER}/people")
    if caller.tenant == PERSONAL_TENANT:
        refused(answer, 403, "ErrorInsufficientPermissionsInAccessToken")
    elif caller.tenant != HOME or caller.is_namesake:
        refused(answer, 404, "Request_ResourceNotFound")
    else:
        colleagues = [one for one in CALLERS if one.tenant == HOME and not one.is_owner and not one.is_application]
        near = {IDS[one.name] for one in colleagues if "common" in one.groups}
        # The owner's list is for nobody else, and an application needs a permission to read it.
        if sees_everything(caller) and (caller.is_owner or "User.Read.All" in scopes):
            near |= {IDS[one.name] for one in colleagues if one.listed_as}
        assert {one["id"] for one in answer.json()["value"]} == near, answer.text


# Writes of audiences


@pytest.mark.parametrize("name", ["stranger", "family-spouse", "contact-friend", "group-member"])
def test_a_write_that_hides_the_item_from_its_writer_answers_nothing(matrix, name):
    caller, client, owner = BY_NAME[name], matrix.client(name), matrix.client("owner")
    visible_to_all = named(EVERY_FLAG)
    made = owner.post(f"/beta{PHONES}", json={"number": "+1 425 555 0199", "allowedAudiences": visible_to_all}).json()
    path = f"{PHONES}/{made['id']}"
    for audience in AUDIENCES:
        change = {"allowedAudiences": named(audience), "displayName": f"Changed {audience}"}
        answer = client.patch(f"/beta{path}", json=change)
        if sees(caller, audience):
            assert (answer.status_code, answer.json()["allowedAudiences"]) == (200, named(audience))
        else:
            assert (answer.status_code, answer.content, "ETag" in answer.headers) == (204, b"", False), answer.text
            refused(client.get(f"/beta{path}"), 404, "UnknownError")
        assert owner.get(f"/beta{path}").json()["displayName"] == change["displayName"]
        assert owner.patch(f"/beta{path}", json={"allowedAudiences": visible_to_all}).status_code == 200
    hidden = batch(client, [part("PATCH", path, {"allowedAudiences": "me"})])[0]
    assert (hidden["status"], hidden.get("body")) == (204, None)
    assert owner.delete(f"/beta{path}").status_code == 204


@pytest.mark.parametrize("audience", ["unknownFutureValue", "64", 64, 128, -1, "family,unknownFutureValue", "nobody"])
def test_an_audience_that_cannot_be_stored_is_refused_on_creation(matrix, audience):
    with matrix.unchanged():
        answer = matrix.client("owner").post(f"/beta{PHONES}", json={"allowedAudiences": audience})
        assert "allowedAudiences" in refused(answer, 400, "UnknownError")


def test_an_audience_of_the_future_counts_as_not_sent_on_update(matrix):
    owner = matrix.client("owner")
    with matrix.unchanged():
        for audience in AUDIENCES:
            path = f"/beta{PHONES}/{PHONE[audience]['id']}"
            answer = owner.patch(path, json={"allowedAudiences": "unknownFutureValue"})
            assert (answer.status_code, answer.json()["allowedAudiences"]) == (200, named(audience))
        refused(owner.patch(path, json={"allowedAudiences": 128}), 400, "UnknownError")
