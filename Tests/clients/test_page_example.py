"""The example of the reference page, byte for byte, in both forms of its URL."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone

import pytest

import demo

ME = f"/beta/me/profile/phones/{demo.PHONE}"
BY_ID = f"/beta/user/{demo.USER}/profile/phones/{demo.PHONE}"

OWNER = [("user", [("id", demo.USER), ("displayName", demo.USER_NAME)])]

# The response of Graph's page, in its order, after the annotations. None means that the value is checked separately.
EXPECTED = [
    ("id", demo.PHONE),
    ("allowedAudiences", "organization"),
    ("inference", None),
    ("createdDateTime", "2020-07-06T06:34:12.2294868Z"),
    ("createdBy", OWNER),
    ("lastModifiedDateTime", None),
    ("lastModifiedBy", None),
    ("source", [("type", "User")]),
    ("displayName", "Car Phone"),
    ("type", "other"),
    ("number", demo.NUMBER),
]


def members(text: str) -> list[tuple]:
    """The members of a JSON object in the order of the text, with nested objects alike."""
    return json.loads(text, object_pairs_hook=list)


def patch_as_the_page_does(raw, path: str, token: str):
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    return raw.patch(path, content=demo.PAGE_BODY, headers=headers)


def check_answer(answer) -> dict:
    """Checks everything but who modified the phone; gives the members of that."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"].split(";")[0] == "application/json"
    found = members(answer.text)
    names = [name for name, _ in found]
    assert names == ["@odata.context", "@odata.type", "@odata.etag", *(name for name, _ in EXPECTED)]
    values = dict(found)
    for name, expected in EXPECTED:
        if name not in ("lastModifiedDateTime", "lastModifiedBy"):
            assert values[name] == expected, name
    assert values["@odata.context"].endswith(f"/beta/$metadata#users('{demo.USER}')/profile/phones/$entity")
    assert values["@odata.type"] == "#microsoft.graph.itemPhone"
    assert values["@odata.etag"] == answer.headers["ETag"]
    modified = datetime.fromisoformat(values["lastModifiedDateTime"])
    assert abs(datetime.now(timezone.utc) - modified) < timedelta(seconds=30)
    return dict(values["lastModifiedBy"])


def test_the_body_is_the_one_of_the_page():
    assert len(demo.PAGE_BODY) == 60
    with pytest.raises(json.JSONDecodeError):
        json.loads(demo.PAGE_BODY)


@pytest.mark.parametrize("path", [ME, BY_ID], ids=["me", "user"])
def test_with_a_delegated_token(raw, delegated, path):
    modified_by = check_answer(patch_as_the_page_does(raw, path, delegated))
    user = dict(modified_by["user"])
    assert (user["id"], user["displayName"]) == (demo.USER, demo.USER_NAME)
    assert members(raw.get(path).text)[3:] == members(raw.get(BY_ID).text)[3:]


def test_with_an_application_token(raw, application):
    modified_by = check_answer(patch_as_the_page_does(raw, BY_ID, application))
    assert dict(modified_by["application"])["id"] == demo.APPLICATION
    assert "user" not in modified_by


def test_an_application_token_has_no_me(raw, application):
    answer = patch_as_the_page_does(raw, ME, application)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "BadRequest"


def test_the_second_time_changes_nothing(raw, delegated):
    first = patch_as_the_page_does(raw, ME, delegated)
    second = patch_as_the_page_does(raw, ME, delegated)
    assert second.status_code == 200
    assert second.text == first.text


@pytest.mark.parametrize("body", [b'{"type":"other",,}', b"{,}", b'{"source":{"type":[,]}}'])
def test_a_comma_anywhere_else_is_refused(raw, body):
    answer = raw.patch(ME, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert answer.json()["error"]["message"]
