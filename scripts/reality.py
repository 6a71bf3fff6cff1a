"""Runs real pipelines and the models of them under the same scenarios, and compares the two.

Called by scripts/reality with the folder of the binaries, that of the clients, and how much to run.
"""

import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile

BINARIES, CLIENTS = (pathlib.Path(word).resolve() for word in sys.argv[1:3])
MODE = sys.argv[3]
EXAMPLES = pathlib.Path(__file__).resolve().parent.parent / "harness" / "examples"
PYTHON = CLIENTS / "bin" / "python"
os.environ["PATH"] = f"{CLIENTS / 'bin'}:{os.environ['PATH']}"
SPEED = [] if MODE == "real" else ["--speed", "60"]

# What a scenario's counts may differ by, where real requests do not all come at the same moment:
# each second of a burst lets one more through, and ten processes take seconds to start.
BURST = 3


def command(*words):
    """A process for each file."""
    return lambda folder: ["--", str(PYTHON), *(word.format(cache=folder) for word in words)]


NAIVE, PRODUCTION = str(EXAMPLES / "python/naive.py"), str(EXAMPLES / "python/production.py")
COMMANDS = {
    "phase1": command(NAIVE, "--max-retries", "0", "{{file}}"),
    "phase1-sdk": command(NAIVE, "{{file}}"),
    "phase3": command(PRODUCTION, "--cache", "{cache}", "{{file}}"),
}


def service(path, retries=None):
    """One service for all files: a hundred processes would spread a burst over their start."""

    def words(_):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        limit = f"MAX_RETRIES={retries} " if retries is not None else ""
        where = f"cd {EXAMPLES / 'fastapi'} && "
        start = f"{where}{limit}exec {PYTHON} -m uvicorn app:app --port {port}"
        return ["--http", f"http://127.0.0.1:{port}{path}", "--start", start]

    return words


SERVICES = {
    "phase1": service("/document", 0),
    "phase1-sdk": service("/document"),
    "phase3": service("/production"),
}

# Scenario, who is real, by how many files and calls the two may differ.
ALL = [
    ("concurrent", SERVICES, 0),
    ("concurrent", COMMANDS, BURST),
    ("repeated", COMMANDS, 0),
    ("large-file", COMMANDS, 0),
    ("spend-cap", SERVICES, 0),
    ("burst-100", SERVICES, BURST),
    ("outage", SERVICES, BURST),
    ("mid-stream-cut", SERVICES, 0),
]
SHORT = [("concurrent", SERVICES, 0), ("large-file", COMMANDS, 0)]

# What only the model can see: from outside, an answer to every question is a documented file.
UNSEEN = {"lost_lines", "undocumented"}

# Calls of a burst depend on who is refused when, once for each attempt.
CALLS = {"phase1": 1, "phase1-sdk": 3, "phase3": 5}

# Phase 3 comes back to a bucket at fixed times, and milliseconds decide whether a token is there.
WAVES = {"phase1": 0, "phase1-sdk": 0, "phase3": 3}


def summaries(scenario, model, words):
    """The model's numbers, and those of the real pipeline."""
    with tempfile.TemporaryDirectory() as folder:
        out = f"{folder}/out"
        run = ["run", scenario, "--pipeline", model, "--out", out, "--quiet", *SPEED]
        ran = subprocess.run([BINARIES / "chaos", *run, *words(f"{folder}/cache")], cwd=folder)
        # 99 is an expectation of the scenario's, which speaks of its own pipelines.
        if ran.returncode not in (0, 99):
            sys.exit(f"{scenario}, {model}: chaos exited with {ran.returncode}")
        report = [BINARIES / "chaos", "report", out, "--format", "json"]
        return json.loads(subprocess.check_output(report))["runs"][0]["pipelines"]


def compare(scenario, model, real, tolerance):
    """Prints both, and says where they differ."""
    theirs, ours = summaries(scenario, model, real)
    differences = []

    def differ(name, one, other, most):
        if abs(one - other) > most:
            differences.append(f"{name}: {one} and {other}")

    seen = lambda side: {c: n for c, n in side["failed_by_cause"].items() if c not in UNSEEN}
    lost = lambda side: sum(n for c, n in side["failed_by_cause"].items() if c in UNSEEN)
    documented = [side["metrics"]["documented"] + lost(side) for side in (theirs, ours)]
    differ("documented", *documented, tolerance)
    calls = [side["metrics"]["calls"] for side in (theirs, ours)]
    differ("calls", *calls, tolerance * CALLS[model] + WAVES[model])
    for cause in sorted(seen(theirs).keys() | seen(ours).keys()):
        differ(cause, seen(theirs).get(cause, 0), seen(ours).get(cause, 0), tolerance)
    costs = [side["metrics"]["cost_microusd"] for side in (theirs, ours)]
    # Who is let through differs with the order of arrival, and files differ in size.
    each = [cost / max(number, 1) for cost, number in zip(costs, documented)]
    if abs(each[0] - each[1]) > 0.015 * max(each):
        differences.append(f"cost of each, micro-dollars: {each[0]:.0f} and {each[1]:.0f}")
    if ours["unreconciled"]:
        differences.append(f"does not reconcile: {ours['unreconciled'][0]}")
    money = " and ".join(f"${cost / 1e6:.4f}" for cost in costs)
    print(
        f"{scenario:15} {model:11} documented {documented[0]:3} and {documented[1]:3}, "
        f"calls {calls[0]:3} and {calls[1]:3}, cost {money}",
        "" if not differences else "DIFFER: " + "; ".join(differences),
        flush=True,
    )
    return not differences


def once(name, documented, words):
    """Runs an example that has no model, which has to document this many of ten files."""
    with tempfile.TemporaryDirectory() as folder:
        out = f"{folder}/out"
        run = ["run", "concurrent", "--out", out, "--quiet", *SPEED]
        ran = subprocess.run([BINARIES / "chaos", *run, *words], cwd=EXAMPLES / "fastapi")
        if ran.returncode != 0:
            sys.exit(f"{name}: chaos exited with {ran.returncode}")
        report = [BINARIES / "chaos", "report", out, "--format", "json"]
        (found,) = json.loads(subprocess.check_output(report))["runs"][0]["pipelines"]
    good = found["metrics"]["documented"] == documented and not found["unreconciled"]
    verdict = "" if good else f"WRONG: {documented} were to be documented"
    print(f"{name:27} documented {found['metrics']['documented']} of 10", verdict, flush=True)
    return good


def main():
    matrix = SHORT if MODE == "short" else ALL
    good = [
        compare(scenario, model, real[model], tolerance)
        for scenario, real, tolerance in matrix
        for model in ("phase1", "phase1-sdk", "phase3")
    ]
    hardened = ["--", str(PYTHON), str(EXAMPLES / "python/hardened.py"), "{file}"]
    good.append(once("python/hardened.py", 10, hardened))
    # Where its modules are found.
    script = shutil.copy(EXAMPLES / "typescript/pipeline.mts", CLIENTS)
    tsx = CLIENTS / "node_modules" / "tsx" / "dist" / "loader.mjs"
    typescript = ["--", "node", "--import", str(tsx), script]
    good.append(once("typescript/pipeline.mts", 6, [*typescript, "{file}"]))
    good.append(once("rust/main.rs", 10, ["--", str(BINARIES / "examples/rust"), "{file}"]))
    good.append(once("fastapi/service.toml", 6, ["--pipeline", "service.toml"]))
    if not all(good):
        sys.exit(1)


main()
