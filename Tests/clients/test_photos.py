"""Photos: through the official SDK, and who sees them."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from msgraph_beta.generated.models.o_data_errors.o_data_error import ODataError

import demo
from http_calls import refused
from images import photo_line, plain_jpeg, png, side
from running_server import RunningServer
from seeding import identifier, person, write
from test_visibility_matrix import IDS, OWNER, Matrix, each_caller, matrix  # noqa: F401
from visibility_oracle import AUDIENCES, CALLERS, HOME, PERSONAL_TENANT, Caller
from visibility_oracle import has_the_role, knows_the_owner, may_write, named, sees

SIZES = ["48x48", "64x64", "96x96", "120x120", "240x240", "360x360"]


# The official SDK


@pytest.mark.anyio
async def test_a_photo_lives_through_the_sdk(graph):
    photo = graph.me().photo
    with pytest.raises(ODataError) as missing:
        await photo.content.get()
    assert (missing.value.response_status_code, missing.value.error.code) == (404, "ImageNotFound")
    await photo.content.put(png(400, 500))
    found = await photo.get()
    assert (found.id, found.width, found.height) == ("360x360", 360, 360)
    assert side(await photo.content.get()) == 360
    listed = await graph.me().photos.get()
    assert [one.id for one in listed.value] == SIZES
    user = graph.users.by_user_id(demo.USER)
    assert side(await user.photos.by_profile_photo_id("120x120").content.get()) == 120
    assert side(await user.photos.by_profile_photo_id("648x648").content.get()) == 360
    await photo.content.delete()
    with pytest.raises(ODataError):
        await photo.content.get()


# Who sees a photo


def set_audience(matrix: Matrix, audience: int) -> None:
    answer = matrix.client("owner").patch("/beta/me/photo", json={"allowedAudiences": named(audience)})
    assert (answer.status_code, answer.json()["allowedAudiences"]) == (200, named(audience)), answer.text


@pytest.fixture(scope="module")
def photos(matrix) -> Iterator[Matrix]:  # noqa: F811
    """The servers and callers of the visibility matrix, with a photo of the owner."""
    assert matrix.client("owner").put("/v1.0/me/photo/$value", content=png(100, 100)).status_code == 200
    yield matrix


def outcome(answer: httpx.Response) -> str:
    code = answer.json()["error"]["code"] if answer.status_code >= 400 else ""
    return f"{answer.status_code} {code}".strip()


def expected(caller: Caller, audience: int) -> tuple[str, str]:
    """What answers a read of the bytes, and a deletion with an old entity tag."""
    if caller.tenant == PERSONAL_TENANT:
        return ("403 ErrorInsufficientPermissionsInAccessToken",) * 2
    missing = "404 ImageNotFound" if knows_the_owner(caller) else "404 Request_ResourceNotFound"
    denied = "403 ErrorAccessDeniedForRole"
    read, stale = ("200", "412 resourceModified") if sees(caller, audience) else (missing, missing)
    if sees(caller, audience) and not may_write(caller):
        stale = denied
    # Only administrators and applications write the photos of others, whatever the policy.
    return read, stale if has_the_role(caller, anyone_writes=False) else denied


@each_caller
def test_each_photo_exists_for_exactly_those_whom_its_audience_lets_in(photos, caller):
    client, wanted, found = photos.client(caller), [], []
    for audience in AUDIENCES:
        set_audience(photos, audience)
        read, stale = expected(caller, audience)
        wanted.append((named(audience), read, read, stale))
        path = f"/v1.0/users/{OWNER}/photo"
        found.append((named(audience), outcome(client.get(f"{path}/$value")),
                      outcome(client.get(f"/beta/users/{OWNER}/photo")),
                      outcome(client.delete(path, headers={"If-Match": 'W/"AAAAAAAAABA"'}))))
        sizes = client.get(f"{path}s")
        if sizes.status_code == 200:
            assert [one["id"] for one in sizes.json()["value"]] == (SIZES[:3] if read == "200" else [])
    assert found == wanted


def test_a_mask_of_the_policy_takes_flags_away(photos):
    set_audience(photos, 63)
    with photos.policy(**{"allowedAudiences.photo": "contacts"}):
        for caller in CALLERS:
            read, _ = expected(caller, 63)
            if read == "200" and not sees(caller, 63, mask=2):
                answer = photos.client(caller).get(f"/v1.0/users/{OWNER}/photo/$value")
                assert outcome(answer) in ("404 ImageNotFound", "404 Request_ResourceNotFound"), caller.name
        answer = photos.client("owner").patch("/v1.0/me/photo", json={"allowedAudiences": "organization"})
        refused(answer, 403, "ErrorAccessDeniedForRole")


# What is hidden is answered as what was never there

HIDING, WITHOUT = identifier(901), identifier(902)


@pytest.fixture(scope="module")
def pair(tmp_path_factory) -> Iterator[RunningServer]:
    directory = tmp_path_factory.mktemp("photos")
    lines = [person(HIDING, "Hiding"), person(WITHOUT, "Hiding"), person(identifier(903), "Viewer"),
             photo_line(HIDING, "me", {48: 1_000, 64: 2_000, 96: 9_000})]
    server = RunningServer(directory, "--seed", str(write(directory / "seed.ndjson", lines)))
    yield server
    server.stop()


def questions(user: str) -> Iterator[tuple[str, str, dict]]:
    conditions = ({}, {"If-Match": "*"}, {"If-None-Match": "*"}, {"If-Match": 'W/"AAAAAAAAABA"'}, {"If-Match": "wrong"})
    for version in ("v1.0", "beta"):
        for rest in ("photo", "photo/$value", "photos", "photos/48x48", "photos/47x47/$value", "photos/x", "photo/height"):
            for condition in conditions:
                yield "GET", f"/{version}/users/{user}/{rest}", {"headers": condition}
    for condition in conditions:
        yield "DELETE", f"/v1.0/users/{user}/photo", {"headers": condition}
        yield "PATCH", f"/v1.0/users/{user}/photo", {"headers": condition, "json": {"allowedAudiences": "organization"}}
    # Without conditions a photo is set, so these come last.
    for condition in (*conditions[1:], conditions[0]):
        yield "PUT", f"/v1.0/users/{user}/photo/$value", {"headers": condition, "content": png(50, 50)}


@pytest.mark.parametrize("flags", [[], ["--administrator"]], ids=["colleague", "administrator"])
def test_a_hidden_photo_is_answered_as_none(pair, flags):
    scopes = "User.Read.All User.ReadWrite.All ProfilePhoto.ReadWrite.All"
    client = pair.caller("--user", identifier(903), "--scopes", scopes, "--tenant", HOME, *flags)

    def comparable(user: str, method: str, path: str, options: dict) -> tuple:
        answer = client.request(method, path, **options)
        changing = ("request-id", "client-request-id", "date", "etag")
        fields = {name: value for name, value in answer.headers.items() if name not in changing}
        body = answer.json() if answer.content else {}
        body.get("error", {}).pop("innerError", None)
        return answer.status_code, fields, str(body).replace(user, "ID")

    for (method, path, options), (_, other, _) in zip(questions(HIDING), questions(WITHOUT), strict=True):
        found = comparable(HIDING, method, path, options)
        assert found == comparable(WITHOUT, method, other, options), (method, path, options.get("headers"))


# What is kept


def test_nothing_of_what_was_sent_is_kept(server, delegated):
    """Neither in an answer, nor in a file, nor in the log."""
    client = httpx.Client(base_url=server.http, headers={"Authorization": f"Bearer {delegated}"}, trust_env=False)
    canary = "zqcanarycanary"
    sent = png(100, 100, text=canary) + canary.encode()
    assert client.put("/v1.0/me/photo/$value", content=sent).status_code == 200
    jpeg = client.get("/v1.0/me/photo/$value")
    assert canary.encode() not in jpeg.content and side(jpeg.content) == 96
    assert (jpeg.headers["X-Content-Type-Options"], jpeg.headers["Content-Security-Policy"]) == ("nosniff", "sandbox")
    for path in server.data.iterdir():
        if path.is_file():
            assert canary.encode() not in path.read_bytes(), path
    assert canary not in server.log()
    exported = server.run("export", "--user", demo.USER)
    assert '"collection":"photo"' in exported and canary not in exported


@pytest.mark.parametrize("content", [
    b"", b"GIF89a", b"<svg onload='alert(1)'/>", png(100, 100)[:200], png(40, 400), b"\xff\xd8\xff\xe0" + b"\0" * 100,
    plain_jpeg(96, 500)[:-2], b"\x89PNG\r\n\x1a\n" + b"\0" * 64,
], ids=["nothing", "GIF", "SVG", "cut", "small", "zeros", "endless", "zero-PNG"])
def test_what_is_no_image_changes_nothing(server, delegated, content):
    client = httpx.Client(base_url=server.http, headers={"Authorization": f"Bearer {delegated}"}, trust_env=False)
    refused(client.put("/v1.0/me/photo/$value", content=content), 400, "BadRequest")
    refused(client.get("/v1.0/me/photo/$value"), 404, "ImageNotFound")
