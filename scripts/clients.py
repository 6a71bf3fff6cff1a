"""Drives real clients and planted mistakes into troubles of a mock, and compares what the mock says
of them with what is known of them (`clients.d/rows.toml`, `clients.d/planted.py`).

Called by scripts/clients with the mock, the folder of the clients, and `short` or `all`.
"""

import collections
import json
import pathlib
import subprocess
import sys
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor

MOCK, HOME = (pathlib.Path(word).resolve() for word in sys.argv[1:3])
MODE, ONLY = sys.argv[3], sys.argv[4:]
HERE = pathlib.Path(__file__).resolve().parent / "clients.d"
sys.path.insert(0, str(HERE))
import planted  # noqa: E402
from mock import Mock  # noqa: E402

PYTHON = HOME / "venv" / "bin" / "python"
# Two programs at a time: more would blur the times between requests on a small machine.
PROGRAMS_AT_ONCE = 2
# What a client waits for an answer: long, but where the answer never comes.
TIMEOUT_S, HANG_TIMEOUT_S = 30, 0.7
# What a refusal takes, so that the first of thirty users is refused when the last has asked.
REFUSAL_MS = 300
# Waits below this are none: what a machine under load makes of no wait.
NO_WAIT_S = 0.05
OUTCOMES = {
    "answered_at_once": "at_once",
    "answered_at_last": "at_last",
    "never_answered": "never",
    "cut": "cut",
    "abandoned": "left",
    "truncated": "short",
    "unclear": "unclear",
}


def read(name):
    """A table of clients.d."""
    return tomllib.loads((HERE / name).read_text())


def known():
    """The rows of every client of this mode, those taken from others filled in."""
    tables = read("rows.toml")

    def rows(name):
        own = tables[name]
        return {**(rows(own["like"]) if "like" in own else {}), **own}

    wanted = [name for name in tables if MODE == "all" or tables[name]["mode"] == "short"]
    found = {name: rows(name) for name in wanted if not ONLY or name in ONLY}
    # Those that try most take longest, and begin first.
    attempts = lambda name: -sum(row[0] for row in found[name].values() if isinstance(row, list))
    return {name: found[name] for name in sorted(found, key=attempts)}


TROUBLES = read("troubles.toml")


def job_of(client, trouble):
    """The name under which the mock keeps a row's requests."""
    return f"{client}.{trouble.replace(' ', '-')}"


def faults(client, rows):
    """Every trouble of a client as a fault that only its job meets."""
    lines = []
    for trouble, kind in TROUBLES.items():
        if kind["fault"] and trouble in rows:
            name, when = job_of(client, trouble), kind.get("when")
            also = f", {when}" if when else ""
            lines += ["[[fault]]", *kind["fault"], f'when = {{ job = "{name}"{also} }}']
    return lines


def asked_s(record):
    """How long an answer asked its client to wait."""
    return (record["visit"]["retry_after_ms"] or 0) / 1000


def waits_of(records):
    """How the client waited between the attempts at each question, in the words of the table."""
    calls = collections.defaultdict(list)
    for record in records:
        calls[record["visit"]["question"]].append(record)
    gaps = []
    for call in calls.values():
        call.sort(key=lambda record: record["visit"]["started_us"])
        for before, after in zip(call, call[1:]):
            gap = (after["visit"]["started_us"] - before["visit"]["ended_us"]) / 1e6
            gaps.append((gap, asked_s(before)))
    if not gaps:
        return ""
    if all(asked and gap > asked - 0.01 for gap, asked in gaps):
        return "asked"
    ordered = sorted(gap for gap, _ in gaps)
    return "none" if ordered[len(ordered) // 2] < NO_WAIT_S else "own"


def seen_of(mock, job, ends, equal):
    """What was done and what the mock says of it, in the form of the table."""
    records = mock.about("journal", job, limit=1000)["records"]
    records = [record for record in records if record["visit"]["question"]]
    verdict = mock.about("verdict", job, ended="true")
    attempts = collections.Counter(record["visit"]["question"] for record in records)
    questions = sum(ends.values())
    each = sorted({len(records) / questions} if equal else set(attempts.values()))
    each = each[0] if len(each) == 1 else each
    callers = "/".join(sorted({end.split()[0] for end in ends}))
    outcomes = "/".join(
        word for field, word in OUTCOMES.items() if verdict["outcomes"].get(field, 0) > 0
    )
    findings = [finding["name"] for finding in verdict["findings"]]
    waits = None if equal else waits_of(records)
    return [each, waits, callers, outcomes, verdict["verdict"], findings]


def command_of(client, url):
    """The program that is this client."""
    if client in ("typescript-sdk", "ai-sdk", "langchain-js"):
        return ["node", HERE / "node_clients.mjs", client, url, HOME / "node_modules"]
    if client == "reqwest":
        return [HOME / "rust" / "debug" / "clients", url]
    return [PYTHON, HERE / "python_clients.py", client, url]


def wanted_of(client, rows):
    """What the program of a client has to do, the longest first so that nothing waits alone."""
    wanted = []
    for trouble in sorted(rows.keys() & TROUBLES.keys(), key=lambda name: -rows[name][0]):
        kind = TROUBLES[trouble]
        questions = 30 if kind.get("equal") else 20
        wanted.append(
            {
                "job": job_of(client, trouble),
                "questions": questions,
                "at_once": questions if kind.get("equal") else rows["at_once"],
                "equal": kind.get("equal", False),
                "stream": kind.get("stream", False),
                "timeout_s": HANG_TIMEOUT_S if trouble == "hang" else TIMEOUT_S,
            }
        )
    return wanted


def drive(client, rows, last=False):
    """Runs one client through its rows against a mock of its own: the troubles that went wrong."""
    wrong = []
    with Mock(MOCK, faults(client, rows), REFUSAL_MS) as mock:
        ran = subprocess.run(
            command_of(client, mock.url),
            input=json.dumps(wanted_of(client, rows)),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        lines = [json.loads(line) for line in ran.stdout.splitlines() if line.startswith("{")]
        ends = {row["job"]: row["ends"] for row in lines}
        time.sleep(0.3)  # A connection that a client closes is noticed a moment later.
        for trouble in sorted(rows.keys() & TROUBLES.keys()):
            name, job = f"{client} · {trouble}", job_of(client, trouble)
            if job not in ends:
                print(f"FAIL {name}: it did not come to an end: {ran.stderr[-2000:]}", flush=True)
                wrong.append(trouble)
                continue
            equal = TROUBLES[trouble].get("equal", False)
            seen = seen_of(mock, job, ends[job], equal)
            if not compare(name, rows[trouble], seen, ends[job], last):
                wrong.append(trouble)
    return wrong


COLUMNS = ("attempts", "waits", "caller", "outcome", "verdict", "findings")


def compare(name, want, seen, ends, last):
    """Says whether both are the same, and prints it, but what may be better the next time."""
    *_, findings = want
    maybe = [finding[:-1] for finding in findings if finding.endswith("?")]
    expected = [finding for finding in findings if not finding.endswith("?")]
    want = [*want[:-1], expected]
    seen = [*seen[:-1], [finding for finding in seen[-1] if finding not in maybe]]
    wrong = [
        f"{column} {there} not {here}"
        for column, here, there in zip(COLUMNS, want, seen)
        if there is not None and here != there
    ]
    if not wrong:
        print(f"ok   {name}: {want[4]} {' '.join(want[5])}", flush=True)
    elif last:
        print(f"FAIL {name}: {'; '.join(wrong)} ({ends})", flush=True)
    else:
        print(f"     {name}: {'; '.join(wrong)}, once more", flush=True)
    return not wrong


def right_of(client, rows, wrong):
    """How many rows of a client are right, and how many there are. What went wrong is driven once
    more, alone: a machine that has too much to do blurs waits."""
    if wrong:
        again = {key: row for key, row in rows.items() if key in wrong or key not in TROUBLES}
        wrong = drive(client, again, last=True)
    all_ = len(rows.keys() & TROUBLES.keys())
    return all_ - len(wrong), all_


def main():
    clients = known()
    with ThreadPoolExecutor(PROGRAMS_AT_ONCE) as pool:
        wrong = dict(zip(clients, pool.map(drive, clients, clients.values())))
    right = {client: right_of(client, rows, wrong[client]) for client, rows in clients.items()}
    if not ONLY or "planted" in ONLY:
        right |= planted.prove(MOCK)
    for name, (good, all_) in right.items():
        print(f"{name:22} {good:3} of {all_:3}")
    good, all_ = (sum(numbers) for numbers in zip(*right.values()))
    print(f"{good} of {all_} rows as known")
    return 0 if good == all_ else 1


if __name__ == "__main__":
    sys.exit(main())
