"""Hooks of schemathesis: half of the calls are for people and items that exist, and what was deleted comes back.

The statuses that were met are written to the file FUZZ_STATUSES, so that a run that only met refusals is noticed.
"""

from __future__ import annotations

import atexit
import itertools
import json
import os
from collections import Counter
from pathlib import Path

import httpx
import schemathesis

import demo

_calls = itertools.count()
_statuses: Counter[str] = Counter()
_operator = httpx.Client(base_url=os.environ["FUZZED_SERVER"], trust_env=False, timeout=30)


@schemathesis.hook
def before_call(context, case, kwargs):
    """Random ids alone would only ever find nothing."""
    if next(_calls) % 2:
        return
    known = {"user-id": demo.USER, "item-id": demo.PHONE}
    # Only strings are replaced: what is of another kind is there to be refused.
    for name, value in known.items():
        if isinstance((case.path_parameters or {}).get(name), str):
            case.path_parameters[name] = value


# 501 is the answer to what OData has and this server does not offer, and no error of the server: object literals and names
# that begin with a dollar sign.
_NOT_OFFERED = ("{", "$", "%24")


@schemathesis.hook
def filter_query(context, query):
    values = [str(value) for name, value in (query or {}).items() if name in ("$filter", "$orderby")]
    return not any(sign in value for value in values for sign in _NOT_OFFERED)


@schemathesis.hook
def filter_path_parameters(context, path_parameters):
    return not any(str(value).startswith(_NOT_OFFERED[1:]) for value in (path_parameters or {}).values())


@schemathesis.hook
def after_call(context, case, response):
    _statuses[f"{case.method.upper()} {response.status_code}"] += 1
    if case.method.upper() == "DELETE" and response.status_code == 204:
        _operator.post("/_facet/reset").raise_for_status()


@atexit.register
def _write_statuses():
    Path(os.environ["FUZZ_STATUSES"]).write_text(json.dumps(_statuses))
