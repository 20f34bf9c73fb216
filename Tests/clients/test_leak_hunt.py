"""Hidden values leak nowhere: not in a body, a header, a link, an error, a log, or a difference.

Every collection of two people holds items of several audiences, each string of them a canary. Every route of the
service's own OpenAPI document is asked with every option, by callers who may see only a part; and what is hidden must
be answered exactly as what was never there.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from urllib.parse import quote

import httpx
import pytest

import demo
from canaries import Canaries, Hunt, Model, forms
from http_calls import BATCH_SIZE, JSON, part, url
from images import sizes
from running_server import RunningServer
from seeding import FEDERATED_TENANT, PERSONAL_TENANT, UNRELATED_TENANT, group, identifier, item, member, person, write
from visibility_oracle import HOME, Caller, named, sees

HIDDEN_TENANT = "66666666-1111-4111-8111-111111111111"
OWNER, HERMIT, COLLEAGUE, HIDDEN_GROUP, HOME_GROUP = (identifier(place) for place in range(1, 6))
EVERYTHING = ("User.Read.All User.ReadWrite.All User.ReadBasic.All User.Read User.ReadWrite "
              "Group.Read.All Group.ReadWrite.All ProfilePhoto.Read.All ProfilePhoto.ReadWrite.All "
              "People.Read.All")
# Properties of a person that are given otherwise, and those that are made of items, which no import takes.
GIVEN = {"id", "displayName", "userPrincipalName"}
COMPUTED = {"aboutMe", "mySite", "preferredName"}
# What each audience hides from whom is said by the oracle; `EVERYBODY` may be met by all.
AUDIENCES = (0, 7, 8, 16)
EVERYBODY = 32
CALLERS = {
    caller.name: caller for caller in (
        Caller("stranger"), Caller("federated", tenant=FEDERATED_TENANT),
        Caller("unrelated", tenant=UNRELATED_TENANT),
        Caller("personal", tenant=PERSONAL_TENANT),
        Caller("foreign-application", tenant=FEDERATED_TENANT, is_application=True),
    )
}
IDS = {name: identifier(100 + place) for place, name in enumerate(CALLERS)}
PROFILE = f"/users/{OWNER}/profile"
each_caller = pytest.mark.parametrize("name", CALLERS)


def time_of(audience: int) -> str:
    """When the hidden items of an audience were made: a time is a canary too."""
    return f"1987-06-05T04:{audience:02}:09Z"


class World:
    """A server full of canaries, and who may meet which of them."""

    def __init__(self, directory, model: Model) -> None:
        self.seed = random.randrange(1 << 32)
        source = random.Random(self.seed)
        self.model = model
        self.canaries = {audience: Canaries(source) for audience in AUDIENCES}
        self.hermit = Canaries(source)
        self.hidden: dict[str, dict[int, dict]] = {}
        self.missing = {collection: Canaries(random.Random(self.seed + 1))() for collection in model.collections}
        lines = [*self._people(), *self._items(OWNER), *self._hermit()]
        seed = write(directory / "seed.ndjson", lines)
        self.server = RunningServer(directory, "--seed", str(seed), "--log-level", "trace")
        self.server.run("tenant", "federate", HOME, FEDERATED_TENANT)
        self._clients: dict[str, httpx.Client] = {}

    def _people(self) -> Iterator[dict]:
        yield person(OWNER, "Owner")
        yield person(COLLEAGUE, "Colleague")
        yield from (person(IDS[name], name, caller.tenant) for name, caller in CALLERS.items()
                    if not caller.is_application)
        yield group(HOME_GROUP, self.canaries[8](), description=self.canaries[8]())
        yield member(HOME_GROUP, OWNER)
        yield {"groupId": HOME_GROUP, "photo": {"sizes": sizes(self.canaries[8]())}}
        yield item(OWNER, "photo", allowedAudiences=named(0), sizes=sizes(self.canaries[0]()))

    def _items(self, owner: str) -> Iterator[dict]:
        for collection, kind in self.model.collections.items():
            items = {audience: self.model.filled(kind, value) for audience, value in self.canaries.items()}
            for audience, made in items.items():
                stamp = {"createdDateTime": time_of(audience), "lastModifiedDateTime": time_of(audience)}
                yield item(owner, collection, **made, **stamp, allowedAudiences=named(audience))
            yield from (item(owner, collection, id=f"open-{place}", allowedAudiences=named(EVERYBODY))
                        for place in range(2))
            self.hidden[collection] = items

    def _hermit(self) -> Iterator[dict]:
        known = {name: self.hermit() for name, (kind, many) in self.model.properties("user").items()
                 if kind == "Edm.String" and not many and name not in GIVEN | COMPUTED}
        known |= {"businessPhones": [self.hermit()], "userPrincipalName": f"{self.hermit()}@facet.example"}
        yield person(HERMIT, self.hermit(), HIDDEN_TENANT, **known)
        yield group(HIDDEN_GROUP, self.hermit(), HIDDEN_TENANT, description=self.hermit(), mailNickname=self.hermit())
        yield member(HIDDEN_GROUP, HERMIT)
        yield {"groupId": HIDDEN_GROUP, "photo": {"sizes": sizes(self.hermit())}}
        yield item(HERMIT, "photo", allowedAudiences="organization", sizes=sizes(self.hermit()))
        for collection, kind in self.model.collections.items():
            yield item(HERMIT, collection, **self.model.filled(kind, self.hermit), allowedAudiences="organization")

    def client(self, name: str) -> httpx.Client:
        if name not in self._clients:
            kind = ("--app", "--roles") if CALLERS[name].is_application else ("--user", "--scopes")
            self._clients[name] = self.server.caller(
                kind[0], IDS[name], kind[1], EVERYTHING, "--tenant", CALLERS[name].tenant)
        return self._clients[name]

    def hidden_from(self, name: str) -> list[int]:
        return [audience for audience in AUDIENCES if not sees(CALLERS[name], audience)]

    def hidden_ids(self, name: str, collection: str) -> list[str]:
        return [self.hidden[collection][audience]["id"] for audience in self.hidden_from(name)]

    def hunt(self, name: str) -> Hunt:
        hidden = self.hidden_from(name)
        times = [time_of(audience)[:-1].lower() for audience in hidden]
        return Hunt([self.hermit.stem, *(self.canaries[audience].stem for audience in hidden), *times])

    def guess(self, collection: str) -> str:
        """A value that a hidden item holds, and that a caller may try."""
        return self.hidden[collection][0]["createdBy"]["user"]["displayName"]

    def close(self) -> None:
        for client in self._clients.values():
            client.close()
        self.server.stop()


@pytest.fixture(scope="module")
def world(tmp_path_factory, strict_process) -> Iterator[World]:
    document = httpx.get(f"{strict_process.http}/beta/$metadata?$format=json", trust_env=False).json()
    running = World(tmp_path_factory.mktemp("leaks"), Model(document))
    yield running
    running.close()


def test_the_hunt_knows_every_form():
    """A hunt that finds nothing must be able to find something."""
    stem = Canaries(random.Random(1)).stem
    for form in forms(stem):
        for before in range(5):
            assert Hunt([stem]).meets(b"x" * before + form + b"y")
    assert Hunt([stem]).meets(f"{stem.upper()}00001".encode())
    assert not Hunt([stem]).meets(f"{stem}00001".encode(), (f"{stem}00001",))
    assert not Hunt([stem]).meets(b"nothing of that kind")


def routes(server: RunningServer) -> dict[str, dict]:
    return httpx.get(f"{server.http}/openapi.json", trust_env=False).json()["paths"]


def addresses(world: World, name: str) -> Iterator[tuple[str, str | None]]:
    """Each route that can be read, with people, groups and items that are hidden, and the collection it is about."""
    for path, operations in routes(world.server).items():
        if "get" not in operations:
            continue
        found = re.search(r"/(?:profile|me)/(\w+)", path)
        collection = found[1] if found and found[1] in world.model.collections else None
        kind = world.model.collections.get(collection, "user")
        items = world.hidden_ids(name, collection) if collection else [""]
        fillings = {
            "{user-id}": (OWNER, HERMIT, IDS[name]), "{group-id}": (HIDDEN_GROUP, HOME_GROUP), "{item-id}": items,
            "{property}": tuple(world.model.properties(kind)), "{photo-size}": ("48x48",),
        }
        filled = [path]
        for placeholder, values in fillings.items():
            filled = [one.replace(placeholder, value) for one in filled for value in values] \
                if placeholder in path else filled
        yield from ((re.sub(r"\{[\w-]+\}", OWNER, one), collection) for one in filled)


@each_caller
def test_no_route_shows_what_is_hidden(world, name):
    client, hunt = world.client(name), world.hunt(name)
    for address, collection in addresses(world, name):
        sent = tuple(made["id"] for made in world.hidden[collection].values()) if collection else ()
        hunt.check(client.get(address), *sent)


def options(world: World, collection: str) -> Iterator[dict[str, object]]:
    """Every option of a list with everything that it could be asked, guesses of hidden values included."""
    kind, guess = world.model.collections[collection], world.guess(collection)
    for template in ("contains({},'%s')" % guess, "startswith({},'%s')" % guess[:8], "{} ne null", "length({}) gt 3"):
        for condition in world.model.texts(kind, template.format):
            yield {"filter": condition, "count": "true"}
    for path in world.model.orders(kind):
        for direction in ("", " desc"):
            yield {"orderby": path + direction, "top": 1, "count": "true"}
    yield from ({"select": name} for name in (*world.model.properties(kind), "*"))
    yield from ({"search": word, "count": "true"} for word in (guess, "NOT missing", f'"{guess}" OR open', "a"))
    yield from ({"filter": f"createdDateTime lt {year}-01-01", "count": "true"} for year in (1986, 1988, 2000))
    yield from ({"top": 1}, {"top": 1, "skip": 1}, {"skip": 1}, {"format": "application/json;odata.metadata=none"})
    yield from ({"filter": f"{guess} eq 1"}, {"filter": f"number eq '{guess}"}, {"orderby": guess}, {"select": guess})


def checked_batch(client: httpx.Client, hunt: Hunt, parts: list[dict], *sent: str) -> list[dict]:
    """The answers of one batch, of which every byte was checked."""
    numbered = [{"id": str(place), **one} for place, one in enumerate(parts)]
    answer = hunt.check(client.post("/beta/$batch", json={"requests": numbered}), *sent)
    assert answer.status_code == 200, answer.text
    return sorted(answer.json()["responses"], key=lambda one: int(one["id"]))


@each_caller
def test_no_option_of_a_list_shows_what_is_hidden(world, name):
    """Neither the values nor, by what a guess finds, whether it was right."""
    client, hunt = world.client(name), world.hunt(name)
    for collection in world.model.collections:
        guess, path = world.guess(collection), f"{PROFILE}/{collection}"
        asked = list(options(world, collection))
        for start in range(0, len(asked), BATCH_SIZE):
            some = asked[start:start + BATCH_SIZE]
            found = checked_batch(client, hunt, [part("GET", url(path, **one)) for one in some], guess, guess[:8])
            for question, answer in zip(some, found, strict=True):
                body = answer["body"]
                link = body.get("@odata.nextLink")
                while link:
                    body = hunt.check(client.get(link), guess, guess[:8]).json()
                    link = body.get("@odata.nextLink")
                if guess in str(question) and "OR" not in str(question) and answer["status"] == 200:
                    assert (answer["body"]["value"], answer["body"].get("@odata.count", 0)) == ([], 0), question


@each_caller
def test_no_expansion_or_count_shows_what_is_hidden(world, name):
    client, hunt = world.client(name), world.hunt(name)
    for collection, kind in world.model.collections.items():
        guess = world.guess(collection)
        shaped = [f"$filter=contains({path},'{guess}');$count=true" for path in world.model.orders(kind)]
        shaped += [f"$orderby={path};$top=1;$count=true" for path in world.model.orders(kind)]
        parts = [part("GET", f"{PROFILE}?$expand={quote(f'{collection}({one})')}") for one in shaped]
        parts += [part("GET", url(f"{PROFILE}/{collection}/$count", filter=one)) for one in world.model.texts(
            kind, f"endswith({{}},'{guess[6:]}')".format)]
        for start in range(0, len(parts), BATCH_SIZE):
            for answer in checked_batch(client, hunt, parts[start:start + BATCH_SIZE], guess, guess[6:]):
                link = answer["body"].get(f"{collection}@odata.nextLink") if isinstance(answer["body"], dict) else None
                while link:
                    link = hunt.check(client.get(link), guess).json().get("@odata.nextLink")
                assert isinstance(answer["body"], dict) or answer["body"] == "0"


@each_caller
def test_nothing_of_people_and_groups_of_another_tenant_is_found(world, name):
    client, hunt = world.client(name), world.hunt(name)
    guess = f"{world.hermit.stem}00001"
    for entity, kind in (("users", "user"), ("groups", "group")):
        asked = [{"filter": one} for template in ("contains({},'%s')" % guess, "{} ne null")
                 for one in world.model.texts(kind, template.format)]
        asked += [{"orderby": path, "top": 1} for path in world.model.orders(kind)] + [{"search": guess}, {}]
        for version in ("beta", "v1.0"):
            for question in asked:
                answer = hunt.check(client.get(url(f"/{version}/{entity}", **question)), guess)
                while answer.status_code == 200 and "@odata.nextLink" in answer.json():
                    answer = hunt.check(client.get(answer.json()["@odata.nextLink"]), guess)


# Differences


def differences(item_id: str, prefix: str = "") -> Iterator[dict]:
    """The ways to ask for an item by its id, of which none may tell whether it is there."""
    for address in (item_id, f"{item_id}/id", f"{item_id}/createdBy", f"{item_id}/id/$value", f"{item_id}/nothing"):
        yield part("GET", f"{prefix}/{address}")
    conditions = ({}, {"If-Match": "*"}, {"If-Match": 'W/"1"'}, {"If-None-Match": "*"}, {"If-Match": "wrong"})
    for condition in conditions:
        yield part("GET", f"{prefix}/{item_id}", headers=condition)
        yield part("DELETE", f"{prefix}/{item_id}", headers=condition)
        for preference in ({}, {"Prefer": "create-if-missing"}, {"Prefer": "return=minimal"}):
            yield part("PATCH", f"{prefix}/{item_id}", {}, headers={**condition, **preference})
    for body in ({"allowedAudiences": "me"}, {"colour": "red"}, {"source": 1}, {"createdDateTime": "2024-01-01"}):
        yield part("PATCH", f"{prefix}/{item_id}", body)
    yield part("PATCH", url(f"{prefix}/{item_id}", select="id"), {})
    yield part("PUT", f"{prefix}/{item_id}", {})


def comparable(answer: httpx.Response, item_id: str) -> tuple:
    """A response without what differs each time: request ids and dates."""
    fields = {name: value for name, value in answer.headers.items()
              if name not in ("request-id", "client-request-id", "date")}
    return answer.status_code, fields, anonymous(answer.text, item_id)


def anonymous(text: str, item_id: str) -> str:
    text = re.sub(r'"(date|request-id|client-request-id|Date)": ?"[^"]*"', r'"\1":""', text)
    return text.replace(item_id, "ID")


@each_caller
def test_what_is_hidden_is_answered_as_what_was_never_there(world, name):
    client, hunt = world.client(name), world.hunt(name)
    for collection in world.model.collections:
        missing = world.missing[collection]
        for hidden in world.hidden_ids(name, collection):
            prefix = f"/beta{PROFILE}/{collection}"
            for one, other in zip(differences(hidden, prefix), differences(missing, prefix), strict=True):
                answers = [
                    hunt.check(client.request(ask["method"], ask["url"], headers=ask.get("headers"),
                                              json=ask.get("body")), item_id) for ask, item_id in (
                        (one, hidden), (other, missing))]
                assert comparable(answers[0], hidden) == comparable(answers[1], missing), one


@each_caller
def test_a_batch_answers_the_same_for_both(world, name):
    client, hunt = world.client(name), world.hunt(name)
    for collection in world.model.collections:
        texts = []
        missing, prefix = world.missing[collection], f"{PROFILE}/{collection}"
        for item_id in (*world.hidden_ids(name, collection), missing):
            parts = list(differences(item_id, prefix))
            parts += [part("PATCH", f"{prefix}/{item_id}", {}, atomicityGroup="both"),
                      part("DELETE", f"{prefix}/{item_id}", atomicityGroup="both")]
            found = [checked_batch(client, hunt, parts[start:start + BATCH_SIZE], item_id)
                     for start in range(0, len(parts), BATCH_SIZE)]
            texts.append(anonymous(json.dumps(found), item_id))
        assert set(texts) == {texts[-1]}, collection


@each_caller
@pytest.mark.parametrize(("hidden", "routes_of_it"), [
    (HERMIT, ("users/{}", "users/{}/profile", "users/{}/profile/phones", "users/{}/profile/phones/x",
              "users/{}/memberOf", "users/{}/profile/changes", "users/{}/profile/phones/$count",
              "users/{}/manager", "users/{}/manager/$ref", "users/{}/directReports", "users/{}/directReports/$count",
              "users/{}/transitiveReports/$count", "users/{}?$expand=manager",
              "users/{}/profile/nothing", "users/{}/photo", "users/{}/photo/$value", "users/{}/photos",
              "users/{}/photos/48x48/$value")),
    (HIDDEN_GROUP, ("groups/{}", "groups/{}/members", "groups/{}/members/$count", "groups/{}/members/$ref",
                    "groups/{}/nothing", "groups/{}/photo", "groups/{}/photo/$value", "groups/{}/photos", f"groups/{{}}/members/{HERMIT}/$ref", f"groups/{{}}/members/{OWNER}/$ref")),
], ids=["person", "group"])
def test_people_and_groups_that_are_hidden_are_answered_as_those_that_do_not_exist(world, name, hidden, routes_of_it):
    client, hunt = world.client(name), world.hunt(name)
    reference = json.dumps({"@odata.id": f"https://graph.microsoft.com/beta/users/{OWNER}"})
    for route in routes_of_it:
        for method, body in (("GET", None), ("PATCH", "{}"), ("DELETE", None), ("POST", reference),
                             ("PUT", reference)):
            found = [comparable(hunt.check(client.request(
                method, f"/beta/{route.format(one)}", headers=JSON, content=body)), one)
                for one in (hidden, demo.STRANGER_ID)]
            assert found[0] == found[1], (method, route)


@each_caller
def test_writes_to_what_is_hidden_change_nothing_that_others_get(world, name):
    client, hunt, canary = world.client(name), world.hunt(name), world.canaries[0]
    addresses = [f"/users/{OWNER}", "/users", PROFILE, url(PROFILE, expand="phones"), f"{PROFILE}/phones/open-0",
                 *(f"{PROFILE}/{collection}{end}" for collection in world.model.collections for end in ("", "/$count"))]

    def shown() -> list[tuple]:
        return [comparable(hunt.check(client.get(f"/beta{address}")), "") for address in addresses]

    before, hidden = shown(), world.hidden["phones"][0]["id"]
    with world.server.caller("--app", demo.APPLICATION, "--roles", "User.ReadWrite.All") as writer:
        assert writer.patch(f"/beta{PROFILE}/phones/{hidden}", json={"number": canary()}).status_code == 200
        assert shown() == before
        made = writer.post(f"/beta{PROFILE}/phones", json={"number": canary(), "allowedAudiences": "me"})
        assert made.status_code == 201 and shown() == before
        assert writer.delete(made.headers["Location"]).status_code == 204
        assert shown() == before


# Beside the answers


def test_neither_the_log_nor_the_metrics_hold_any_of_it(world):
    """Not even what callers sent, since they sent it to guess."""
    hunt = Hunt([world.hermit.stem, *(one.stem for one in world.canaries.values()), "1987-06-05"])
    with httpx.Client(base_url=world.server.http, trust_env=False) as client:
        for path in ("/metrics", "/readyz", "/healthz", "/", "/beta/", "/openapi.json", "/beta/$metadata"):
            hunt.check(client.get(path))
    log = world.server.log()
    assert "request-id" in log
    assert not hunt.meets(log.encode())
    # Tokens and what stood in paths do not belong there either.
    for token in (OWNER, HERMIT, world.missing["phones"], *IDS.values()):
        assert token not in log
