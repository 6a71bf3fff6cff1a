"""Runs the suites of real projects and keeps their logs; called by `wild-logs`."""
import collections
import csv
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tarfile

import log_archives

ROOT, WORK = map(pathlib.Path, sys.argv[1:3])
ONLY = sys.argv[3:]
WILD = ROOT / "reports/testlog/tests/wild"
# How the table names what pytest counts. Parts of tests are counted with the tests.
KINDS = {"failed": "failed", "subtests failed": "failed", "error": "errors", "passed": "passed",
         "xpassed": "xpassed", "skipped": "skipped", "xfailed": "skipped",
         "subtests skipped": "skipped", "subtests xfailed": "skipped"}
IDS = {"failed": "failed", "subtests failed": "failed", "error": "error", "passed": "passed"}


def source(suite):
    name = suite["requirement"].replace("==", "-")
    sdists = WORK / "sdists" / name
    if not sdists.exists():
        pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", ":all:"]
        subprocess.run([*pip, "-d", str(sdists), suite["requirement"]], check=True)
    folder = WORK / "suite"
    shutil.rmtree(folder, ignore_errors=True)
    with tarfile.open(next(sdists.glob("*.tar.gz"))) as packed:
        packed.extractall(folder, filter="data")
    return next(folder.iterdir())


def invert(folder, every):
    """Inverts one comparison in every so many, so that tests fail."""
    seen = 0

    def one(found):
        nonlocal seen
        seen += 1
        return found[0].replace("==", "!=") if seen % every == 0 else found[0]

    for file in sorted(folder.rglob("test*.py")):
        text = file.read_text(errors="surrogateescape")
        text = re.sub(r"(?m)^ +assert [^#\n]*? == .*$", one, text)
        file.write_text(text, errors="surrogateescape")


def run(suite):
    folder, venv, truth = source(suite), WORK / suite["pytest"], WORK / "truth.tsv"
    if suite["inverted"]:
        invert(folder, int(suite["inverted"]))
    truth.unlink(missing_ok=True)
    words = shlex.split(suite["command"])
    at = words.index("pytest")
    flags, style = words[at + 1:], suite["name"].rsplit("-", 1)[-1]
    plugins = [part for name in ("sugar", "randomly") if style != name
               for part in ("-p", f"no:{name}")]
    paths = [str(ROOT / "reports/testlog/tests/pytest_suite")]
    if suite["sources"]:
        paths.append(str(folder / suite["sources"]))
    env = {"PATH": f"{venv}/bin:/usr/bin:/bin", "HOME": str(WORK), "LANG": "C.UTF-8",
           "COLUMNS": "80", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0",
           "SUITE_TRUTH": str(truth), "PYTHONPATH": os.pathsep.join(paths),
           **dict(word.split("=", 1) for word in words[:at])}
    command = [str(venv / "bin/python"), "-m", "pytest", "-p", "truth", *plugins, *flags]
    done = subprocess.run([*command, *suite["tests"].split()], cwd=folder, env=env, timeout=600,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    return done, folder, venv, truth.read_text() if truth.exists() else ""


def keep(suite, row, files):
    """Runs a suite; its log goes into the files of its runner, its counts into its row."""
    done, folder, venv, truth = run(suite)
    neutral = [(folder, "/suite"), (venv, "/venv"), (sys.base_prefix, "/python"), (WORK, "/work")]

    def pack(file, text):
        for path, name in neutral:
            text = text.replace(str(path).encode(), name.encode())
        files[file] = text

    name, counts, ids = suite["name"], collections.Counter(), []
    for line in truth.splitlines():
        kind, when, node = line.split("\t", 2)
        if name.endswith("sugar"):
            # This plugin counts a report for each phase.
            if kind == "passed" and when != "call":
                continue
            kind = "error" if kind == "failed" and when != "call" else kind
        counts[KINDS.get(kind)] += 1
        if kind in IDS:
            ids.append(f"0\t{IDS[kind]}\t{node}\n")
    pack(f"{name}.log", done.stdout)
    if row["ids"]:
        pack(f"{name}.ids", "".join(ids).encode())
    kinds = ["failed", "errors", "passed", "xpassed", "skipped"]
    told = ", ".join(f"{counts[kind]} {kind}" for kind in kinds if counts[kind])
    row["counts"] = told or "nothing"
    print(name, done.returncode, len(done.stdout), row["counts"], flush=True)


def table(path):
    with open(path, encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


def archive(row):
    return WILD / f"{row['runner'].split()[0]}.tar.gz"


def main():
    logs = table(WILD / "logs.tsv")
    rows = {row["name"]: row for row in logs}
    archives = {path: log_archives.read(path) for path in {archive(row) for row in logs}}
    for suite in table(WILD / "suites.tsv"):
        if not ONLY or suite["name"] in ONLY:
            row = rows[suite["name"]]
            keep(suite, row, archives[archive(row)])
    for path, files in archives.items():
        log_archives.write(path, files)
    lines = ["\t".join(logs[0]), *("\t".join(row.values()) for row in logs)]
    (WILD / "logs.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
