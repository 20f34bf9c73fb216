"""Short ways to ask over plain HTTP: batches, pages and refusals."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlencode

import httpx

BATCH_SIZE = 20
JSON = {"Content-Type": "application/json"}


def url(path: str, **options: object) -> str:
    """A path with query options, whose dollar is left out; percent-encoded, as a batch needs it."""
    query = urlencode({f"${name}": value for name, value in options.items()})
    return f"{path}?{query}" if query else path


def part(method: str, address: str, body: dict | None = None, **members: object) -> dict:
    """One request of a batch; `headers` and other members of it are given by name."""
    request = {"method": method, "url": address, **members}
    if body is not None:
        request["headers"] = {**JSON, **request.get("headers", {})}
        request["body"] = body
    return request


def batch(client: httpx.Client, parts: list[dict], size: int = BATCH_SIZE, version: str = "beta") -> list[dict]:
    """Sends parts in as few batches as they need; gives their answers in the same order."""
    answers: list[dict] = []
    for start in range(0, len(parts), size):
        numbered = [{"id": str(place), **one} for place, one in enumerate(parts[start:start + size])]
        answer = client.post(f"/{version}/$batch", json={"requests": numbered})
        assert answer.status_code == 200, answer.text
        answered = {one["id"]: one for one in answer.json()["responses"]}
        answers += [answered[one["id"]] for one in numbered]
    return answers


def pages(client: httpx.Client, link: str | None) -> Iterator[dict]:
    """All pages of a list, by following their links."""
    while link:
        answer = client.get(link)
        assert answer.status_code == 200, answer.text
        yield answer.json()
        link = answer.json().get("@odata.nextLink")


def listed(client: httpx.Client, link: str, member: str = "id") -> list:
    """One member of everything that a list holds, over all of its pages."""
    return [item[member] for page in pages(client, link) for item in page["value"]]


def refused(answer: httpx.Response, status: int, code: str) -> str:
    """Checks that an answer is an error; gives its message."""
    assert answer.status_code == status, answer.text
    error = answer.json()["error"]
    assert error["code"] == code, error
    assert error["message"].strip()
    return error["message"]


def outcome(answer: httpx.Response | dict) -> str:
    """The status of an answer, alone or of a batch, and its code when it is a refusal."""
    if isinstance(answer, dict):
        status, body = answer["status"], answer.get("body")
    else:
        status, body = answer.status_code, answer.json() if answer.status_code >= 400 else None
    return f"{status} {body['error']['code']}" if status >= 400 else str(status)
