"""Compares report cards of real clients with what is known of them: see scripts/cards."""

import json
import pathlib
import subprocess
import sys
import time
import tomllib

HERE = pathlib.Path(__file__).parent / "clients.d"

# What one file and one request show of a client.
PROBES = """
rate-limit rate-limit-minute rate-limit-date rate-limit-ms rate-limit-bare overloaded server-error
unavailable timeout-504 bad-gateway down request-timeout conflict reset invalid unauthorized not-found
do-not-retry spend-limit hang cut overloaded-midway silent-end truncated
""".split()


def known():
    """What is known of each client, with what it takes from others."""
    table = tomllib.loads((HERE / "cards.toml").read_text())
    for row in table.values():
        if "like" in row:
            mode = row.get("mode", "all")
            row |= {**table[row.pop("like")], **row, "mode": mode}
    return table


def card(chaos, client):
    """The card of a client."""
    program = [sys.executable, HERE / "one_file.py", client, "{file}"]
    ran = subprocess.run(
        [chaos, "diagnose", "--quiet", "--only", ",".join(PROBES), "--format", "json", "--"]
        + program,
        capture_output=True,
        text=True,
    )
    if not ran.stdout:
        sys.exit(f"{client}: no card: {ran.stderr}")
    return json.loads(ran.stdout)


def main():
    chaos, mode, *names = sys.argv[1:]
    right = wrong = 0
    for client, row in known().items():
        if names and client not in names or mode == "short" and row["mode"] != "short":
            continue
        began = time.monotonic()
        seen = {one["criterion"]: one for one in card(chaos, client)["rows"]}
        bad = []
        for criterion, grades in row.items():
            if criterion in ("mode", "like"):
                continue
            one = seen[criterion]
            grade = one["grade"] or "-"
            if grade not in grades:
                bad.append(f"  {criterion}: {grade} where {grades} is known: {one['says']}")
                bad += [f"    {saw['probe']}: {saw['saw']}" for saw in one["evidence"]]
            right += grade in grades
            wrong += grade not in grades
        took = time.monotonic() - began
        print(f"{'wrong' if bad else 'right'}  {client}  ({took:.0f} s)", *bad, sep="\n", flush=True)
    print(f"{right} of {right + wrong} grades right")
    sys.exit(1 if wrong or not right else 0)


if __name__ == "__main__":
    main()
