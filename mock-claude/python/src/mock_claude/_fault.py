"""A fault as it is written in Python, and as the mock reads it.

The keys are those of a ``[[fault]]`` in a file (``faults.example.toml``). Conditions stand beside
them, and the kind is left out where another key says it.
"""

from typing import Any, Dict, Optional, Union

# The conditions, which a file has in a table of their own.
CONDITIONS = frozenset(
    "share first_attempts attempts every nth from_s until_s from_first_request burst load path model api_key header"
    " stream".split()
)

# What can be wrong, by kind. Names with an empty table may be written as plain text.
_TROUBLES = {
    "wire": "reset close hang truncate content_length content_type slow_loris garbage",
    "stream": "error_event early_end duplicated_delta reordered_delta malformed_event"
    " unknown_event no_message_stop empty_content",
    "semantic": "truncated refusal pause_turn wrong_model wrong_usage error_body",
    "prompt_cache": "miss evict",
}
_KIND_OF = {name: kind for kind, names in _TROUBLES.items() for name in names.split()}
_WITHOUT_TABLE = frozenset({"garbage", "no_message_stop", "empty_content", "miss", "evict"})
_LATENCY = frozenset({"extra", "per_in_flight_ms", "decode_times", "stall"})


def fault(job: str, kind: Optional[str], keys: Dict[str, Any]) -> Dict[str, Any]:
    """The fault of a job, as JSON has it. Whether it makes sense is for the mock to say."""
    when = {name: value for name, value in keys.items() if name in CONDITIONS}
    rest = {name: value for name, value in keys.items() if name not in CONDITIONS}
    what: Union[str, Dict[str, Any], None] = rest.get("what")
    if kind is None:
        kind = _kind(rest, what)
    if isinstance(what, str) and what not in _WITHOUT_TABLE:
        rest["what"] = {what: {}}
    if isinstance(when.get("nth"), int):
        when["nth"] = [when["nth"]]
    return {"kind": kind, **rest, "when": {**when, "job": job}}


def _kind(keys: Dict[str, Any], what: Union[str, Dict[str, Any], None]) -> str:
    if what is not None:
        name = what if isinstance(what, str) else next(iter(what), "")
        if name in _KIND_OF:
            return _KIND_OF[name]
        raise ValueError(f"there is no fault `{name}`; there are {', '.join(sorted(_KIND_OF))}")
    if "status" in keys:
        return "status"
    if "outcomes" in keys:
        return "sequence"
    if _LATENCY & keys.keys():
        return "latency"
    raise ValueError("a fault has `status`, `what`, `outcomes`, one of the latencies, or `kind`")
