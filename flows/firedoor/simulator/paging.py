"""IAM's pages: `Marker` and `MaxItems`, which moto heeds in a few lists only.

moto is asked for everything; the page is cut here, with botocore's own description of the lists.
"""

from __future__ import annotations

from functools import cache
from typing import Any, cast

from botocore.loaders import Loader
from botocore.parsers import create_parser

from firedoor.simulator.wire import ApiError, Call, Reply, write_reply

_DEFAULT = 100
# A hundred entries of anything IAM lists take more than this; shorter answers need no cutting.
_ONE_PAGE_BYTES = 8000


@cache
def _lists() -> dict[str, Any]:
    found: dict[str, Any] = Loader().load_service_model("iam", "paginators-1")["pagination"]
    return found


def ask_for_everything(call: Call) -> dict[str, str]:
    """What replaces the call's own `Marker` and `MaxItems` for moto; empty: left out."""
    if call.service != "iam" or call.operation not in _lists():
        return {}
    return {"Marker": "", "MaxItems": "100000"}


def page(call: Call, result: dict[str, Any]) -> dict[str, Any]:
    """The page of a whole result that the call asks for."""
    keys = _lists()[call.operation]["result_key"]
    keys = [keys] if isinstance(keys, str) else keys
    marker, size = call.params.get("Marker") or "0", int(call.params.get("MaxItems") or _DEFAULT)
    if not str(marker).isdigit():
        raise ApiError("ValidationError", "Invalid Marker.")
    begin, position = int(marker), 0
    cut, total = dict(result), 0
    for key in keys:
        entries = result.get(key) or []
        first = max(0, begin - position)
        cut[key] = entries[first : max(first, begin + size - position)]
        position += len(entries)
        total += len(entries)
    cut["IsTruncated"] = begin + size < total
    cut.pop("Marker", None)
    if cut["IsTruncated"]:
        cut["Marker"] = str(begin + size)
    return cut


def cut(call: Call, reply: Reply) -> Reply:
    """The page of moto's whole answer; an answer that is one page anyway is left as it is."""
    if call.service != "iam" or call.operation not in _lists() or reply.status >= 300:
        return reply
    asked = call.params.get("Marker") or call.params.get("MaxItems")
    if not asked and len(reply.body) < _ONE_PAGE_BYTES:
        return reply
    assert call.model is not None
    whole = create_parser("query").parse(
        {"status_code": reply.status, "headers": reply.headers, "body": reply.body},
        cast(Any, call.model.output_shape),
    )
    whole.pop("ResponseMetadata", None)
    return write_reply(call, page(call, whole))
