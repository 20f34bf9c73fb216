"""Canary strings in everything that is hidden, and the search for them in every response.

Each kind of hidden thing has a stem of its own, new in each run, and each value a number behind it. The hunt knows the
forms that a value can take on its way out.
"""

from __future__ import annotations

import itertools
import random
import re
from base64 import b64encode, urlsafe_b64decode
from collections.abc import Callable, Iterator

import httpx

STRING = "Edm.String"


class Canaries:
    """Makes values of one stem."""

    def __init__(self, source: random.Random) -> None:
        self.stem = "zq" + "".join(source.choices("bcdfghjklmnpqrstvwxz", k=10))
        self._numbers = itertools.count()

    def __call__(self) -> str:
        return f"{self.stem}{next(self._numbers):05}"


def forms(stem: str) -> list[bytes]:
    """How a stem looks plain, reversed, in hexadecimal, escaped for URLs and JSON, and in Base64 wherever it begins."""
    plain = stem.encode()
    encoded = [b64encode(b"\0" * shift + plain + b"\0" * 3) for shift in range(3)]
    # The first and last letters depend on what stands beside the stem.
    inner = [text[-(-8 * shift // 6):(8 * (shift + len(plain))) // 6] for shift, text in enumerate(encoded)]
    return [
        plain, plain[::-1], plain.hex().encode(), "".join(f"%{byte:02x}" for byte in plain).encode(),
        "".join(f"\\u{byte:04x}" for byte in plain).encode(), plain.decode().encode("utf-16-le"), *inner,
    ]


class Hunt:
    """Looks for the stems that one caller may not meet."""

    def __init__(self, stems: list[str]) -> None:
        self._forms = [form for stem in stems for form in forms(stem)]

    def meets(self, data: bytes, sent: tuple[str, ...] = ()) -> bool:
        """Whether the bytes, or a sealed token in them, hold a stem beside the values that the caller sent."""
        for value in sent:
            data = data.replace(value.encode(), b"")
        tokens = [urlsafe_b64decode(found + b"=" * (-len(found) % 4)) for found in re.findall(
            rb"skiptoken=([A-Za-z0-9_-]+)", data)]
        return any(form in text for text in (data, data.lower(), *tokens) for form in self._forms)

    def check(self, answer: httpx.Response, *sent: str) -> httpx.Response:
        """Checks every byte of an answer: status line, header fields and body."""
        head = b"\r\n".join(name + b": " + value for name, value in answer.headers.raw)
        whole = answer.reason_phrase.encode() + head + b"\r\n\r\n" + answer.content
        assert not self.meets(whole, sent), f"{answer.request.method} {answer.request.url}\n{whole.decode()}"
        return answer


class Model:
    """The declared types, as the service's own CSDL JSON shows them."""

    def __init__(self, document: dict) -> None:
        self._types = document["microsoft.graph"]
        types = {
            name: facets["$Type"].rpartition(".")[2] for name, facets in self._types["profile"].items()
            if isinstance(facets, dict) and facets.get("$Kind") == "NavigationProperty"
        }
        # The collections of items, which is not all that a profile leads to.
        self.collections = {
            name: kind for name, kind in types.items() if self._types[kind].get("$BaseType", "").endswith(".itemFacet")
        }

    def properties(self, type_name: str) -> dict[str, tuple[str, bool]]:
        """Of each structural property its type and whether it is a collection."""
        declared = self._types[type_name]
        base = declared.get("$BaseType", "").rpartition(".")[2]
        own = {
            name: (facets.get("$Type", STRING), facets.get("$Collection", False)) for name, facets in declared.items()
            if isinstance(facets, dict) and facets.get("$Kind", "Property") == "Property"
        }
        return {**(self.properties(base) if base else {}), **own}

    def filled(self, type_name: str, value: Callable[[], str]) -> dict:
        """An instance whose every string, at any depth, is a value of its own."""
        made = {}
        for name, (kind, is_collection) in self.properties(type_name).items():
            local = kind.rpartition(".")[2]
            if kind == STRING:
                content = value()
            elif self._types.get(local, {}).get("$Kind") == "ComplexType":
                content = self.filled(local, value)
            else:
                continue
            made[name] = [content] if is_collection else content
        if self._types[type_name].get("$OpenType"):
            made["undeclared"] = value()
        return made

    def texts(self, type_name: str, test: Callable[[str], str], before: str = "") -> Iterator[str]:
        """For each string at any depth an expression that puts it to the test."""
        for name, (kind, is_collection) in self.properties(type_name).items():
            local, path = kind.rpartition(".")[2], f"{before}{name}"
            is_complex = self._types.get(local, {}).get("$Kind") == "ComplexType"
            if is_complex and is_collection:
                variable = f"v{path.count('/')}"
                yield from (f"{path}/any({variable}:{inner})" for inner in self.texts(local, test, f"{variable}/"))
            elif is_complex:
                yield from self.texts(local, test, f"{path}/")
            elif kind == STRING:
                yield f"{path}/any(text:{test('text')})" if is_collection else test(path)

    def orders(self, type_name: str, before: str = "") -> Iterator[str]:
        """Each path of one value, which a list can be ordered by."""
        for name, (kind, is_collection) in self.properties(type_name).items():
            local = kind.rpartition(".")[2]
            if is_collection:
                continue
            if self._types.get(local, {}).get("$Kind") == "ComplexType":
                yield from self.orders(local, f"{before}{name}/")
            else:
                yield f"{before}{name}"
