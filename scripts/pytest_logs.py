"""Runs every variant of the hard suite; called by `pytest-logs`."""
import collections
import pathlib
import shutil
import subprocess
import sys

import log_archives

CONTINUE = "--continue-on-collection-errors"

# Name, arguments, environment. The name says what the log holds.
VARIANTS = [(f"{level}-{tb}", [*flags, f"--tb={tb}"], {})
            for level, flags in [("v", ["-v"]), ("plain", []), ("q", ["-q"])]
            for tb in ["auto", "short", "line", "no", "native"]]
VARIANTS += [
    ("v-long", ["-v", "--tb=long"], {}),
    ("vv-auto", ["-vv"], {}),
    ("vv-short", ["-vv", "--tb=short"], {}),
    ("v-ra", ["-v", "-rA"], {}),
    ("plain-ra", ["-rA", "--tb=short"], {}),
    ("q-ra", ["-q", "-rA"], {}),
    ("q-ra-no", ["-q", "-rA", "--tb=no"], {}),
    ("colour-v", ["-v", "--color=yes", "--tb=short"], {}),
    ("colour-plain", ["--color=yes"], {}),
    ("colour-q-ra", ["-q", "-rA", "--color=yes", "--tb=short"], {}),
    ("xdist-v", ["-n", "3", "-v", "--tb=short"], {}),
    ("xdist-plain", ["-n", "3"], {}),
    ("xdist-q-ra", ["-n", "3", "-q", "-rA", "--tb=short"], {}),
    ("xdist-colour-v", ["-n", "3", "-v", "--color=yes", "--tb=line"], {}),
    ("rerun-v", ["-v", "--reruns", "1", "--tb=short"], {}),
    ("rerun-q", ["-q", "--reruns", "1", "--tb=short"], {}),
    ("rerun-rr", ["--reruns", "1", "-rfER", "--tb=short"], {}),
    ("rerun-xdist-v", ["-v", "-n", "2", "--reruns", "2", "--tb=no"], {}),
    ("ci-v", ["-v", "--tb=short"], {"CI": "true"}),
    ("ci-plain", [], {"CI": "true"}),
    ("ci-q-native", ["-q", "--tb=native"], {"CI": "true"}),
    ("ci-q-ra", ["-q", "-rA", "--tb=short"], {"CI": "true"}),
    ("ci-xdist-plain", ["-n", "2", "--tb=short"], {"BUILD_NUMBER": "7"}),
    ("live-log-v", ["-v", "-o", "log_cli=true", "--tb=short"], {}),
    ("count-v", ["-v", "-o", "console_output_style=count", "--tb=short"], {}),
    ("classic-v", ["-v", "-o", "console_output_style=classic", "--tb=short"], {}),
    ("classic-plain", ["-o", "console_output_style=classic", "--tb=short"], {}),
    ("narrow-v", ["-v", "--tb=short"], {"COLUMNS": "40"}),
    ("narrow-plain", ["--tb=short"], {"COLUMNS": "40"}),
    ("wide-v", ["-v", "--tb=short"], {"COLUMNS": "200"}),
    ("stop-v", ["-v", "-x", "--tb=short"], {}),
    ("stop-plain", ["--maxfail=7", "--tb=short"], {}),
    ("hidden-v", ["-v", "--show-capture=no", "--no-header"], {}),
    ("quieter", ["-qq", "--tb=short"], {}),
    ("deselect-v", ["-v", "-k", "nasty or spoof", "--tb=short"], {}),
]
TIMES = ("times-v", ["-v", "-o", "console_output_style=times", "--tb=short"], {})
INTERRUPTED = ("interrupted-v", ["-v"], {})


def run(root, work, version, name, flags, extra):
    """What one variant printed and wrote, by the names of the files in the archive."""
    suite = work / "suite"
    shutil.rmtree(suite, ignore_errors=True)
    shutil.copytree(root / "reports/testlog/tests/pytest_suite", suite)
    env = {"PATH": "/usr/bin:/bin", "HOME": str(work), "LANG": "C.UTF-8", "COLUMNS": "80",
           "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0",
           "PYTHONPATH": str(suite), "SUITE_TRUTH": str(work / "truth.tsv"), **extra}
    if name not in ("interrupted-v", "stop-v", "deselect-v"):
        flags = [*flags, CONTINUE]
    else:
        # An import that fails would end these before the first test.
        if name != "interrupted-v":
            (suite / "test_broken.py").unlink()
    python = work / version / "bin" / "python"
    command = [str(python), "-m", "pytest", "-p", "truth", *flags]
    junit = work / "junit.xml"
    reportlog = work / "reportlog.jsonl"
    if name == "v-auto":
        command += [f"--junitxml={junit}", f"--report-log={reportlog}"]
    done = subprocess.run(command, cwd=suite, env=env, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=300)

    def clean(data):
        for path, neutral in [(str(work / version), "/venv"), (str(suite), "/suite"),
                              (sys.base_prefix, "/python"), (str(work), "/out")]:
            data = data.replace(path.encode(), neutral.encode())
        return data

    truth = f"exit\t{done.returncode}\n".encode() + (work / "truth.tsv").read_bytes()
    files = {f"{name}.log": clean(done.stdout), f"{name}.tsv": truth}
    if name == "v-auto":
        files |= {"junit.xml": clean(junit.read_bytes()),
                  "reportlog.jsonl": clean(reportlog.read_bytes())}
    print(version, name, done.returncode, len(done.stdout), flush=True)
    return {f"{version}/{file}": data for file, data in files.items()}


def table(files):
    """A line for each log: the code that pytest exited with, and what it counted."""
    lines = ["log\texit\tcounts"]
    for log in sorted(file for file in files if file.endswith(".log")):
        first, *reports = files[log.removesuffix(".log") + ".tsv"].decode().rstrip("\n").split("\n")
        counts = collections.Counter(report.split("\t")[0] for report in reports)
        counts = ", ".join(f"{count} {kind}" for kind, count in counts.items())
        lines.append(f"{log}\t{first.split()[1]}\t{counts}")
    return "\n".join(lines) + "\n"


def keep(out, files):
    log_archives.write(out / "pytest.tar.gz", files)
    (out / "logs.tsv").write_text(table(files), encoding="utf-8")


def main(root, work, out, *only):
    root, work, out = map(pathlib.Path, (root, work, out))
    files = log_archives.read(out / "pytest.tar.gz")
    for version in ["v62", "v74", "v84", "v90"]:
        variants = [*VARIANTS, INTERRUPTED] + ([TIMES] if version in ("v84", "v90") else [])
        for variant in variants:
            if not only or variant[0] in only:
                files |= run(root, work, version, *variant)
    keep(out, files)


if __name__ == "__main__":
    main(*sys.argv[1:])
