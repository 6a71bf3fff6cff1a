"""A job's journal for the reader of a failure."""

from typing import Any, Dict, List

_MOST = 200


def journal(ledger: Dict[str, int], records: List[Dict[str, Any]], verdict: str) -> str:
    """The sum, one line a request, and the verdict."""
    dollars = ledger["cost_microusd"] / 1_000_000
    lines = [
        f"{ledger['requests']} requests, {ledger['errors']} errors, "
        f"{ledger['tokens_in']} tokens in, {ledger['tokens_out']} tokens out, ${dollars:.6f}"
    ]
    if len(records) > _MOST:
        lines.append(f"(the latest {_MOST})")
        records = records[-_MOST:]
    began_us = records[0]["visit"]["started_us"] if records else 0
    lines += [_line(record, began_us) for record in records]
    return "\n".join([*lines, verdict.rstrip()])


def _line(record: Dict[str, Any], began_us: int) -> str:
    entry, visit = record["entry"], record["visit"]
    at_s = (visit["started_us"] - began_us) / 1_000_000
    ended_us = visit["ended_us"]
    took = "   under way"
    if ended_us is not None:
        took = f"{(ended_us - visit['started_us']) / 1000:9.1f} ms"
    words = [
        f"{at_s:9.3f} s {took}  {entry['status'] or '---'}",
        visit["method"],
        visit["path"],
        visit["model"] or "",
        f"{entry['tokens_in']}+{entry['tokens_out']} tokens" if entry["tokens_in"] else "",
        f"fault={entry['fault']}" if entry["fault"] else "",
        entry["error"] or "",
        f"retry-after={visit['retry_after_ms']}ms" if visit["retry_after_ms"] is not None else "",
        "cut" if visit.get("cut") else "",
        "client left" if visit["client_left"] else "",
        entry["request_id"],
    ]
    return "  ".join(word for word in words if word)
