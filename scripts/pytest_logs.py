"""Runs every variant of the hard suite; called by `pytest-logs`."""
import gzip
import pathlib
import shutil
import subprocess
import sys

ROOT, WORK, OUT = map(pathlib.Path, sys.argv[1:4])
ONLY = sys.argv[4:]
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


def run(version, name, flags, extra):
    suite = WORK / "suite"
    shutil.rmtree(suite, ignore_errors=True)
    shutil.copytree(ROOT / "reports/testlog/tests/pytest_suite", suite)
    env = {"PATH": "/usr/bin:/bin", "HOME": str(WORK), "LANG": "C.UTF-8", "COLUMNS": "80",
           "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0",
           "PYTHONPATH": str(suite), "SUITE_TRUTH": str(WORK / "truth.tsv"), **extra}
    if name not in ("interrupted-v", "stop-v", "deselect-v"):
        flags = [*flags, CONTINUE]
    else:
        # An import that fails would end these before the first test.
        if name != "interrupted-v":
            (suite / "test_broken.py").unlink()
    python = WORK / version / "bin" / "python"
    command = [str(python), "-m", "pytest", "-p", "truth", *flags]
    junit = WORK / "junit.xml"
    reportlog = WORK / "reportlog.jsonl"
    if name == "v-auto":
        command += [f"--junitxml={junit}", f"--report-log={reportlog}"]
    done = subprocess.run(command, cwd=suite, env=env, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=300)

    def clean(data):
        for path, neutral in [(str(WORK / version), "/venv"), (str(suite), "/suite"),
                              (sys.base_prefix, "/python"), (str(WORK), "/out")]:
            data = data.replace(path.encode(), neutral.encode())
        return data

    def keep(file, data):
        # Without a time in its head, so that the same log is the same file.
        (OUT / version / f"{file}.gz").write_bytes(gzip.compress(data, 9, mtime=0))

    (OUT / version).mkdir(parents=True, exist_ok=True)
    keep(f"{name}.log", clean(done.stdout))
    truth = (WORK / "truth.tsv").read_bytes()
    keep(f"{name}.tsv", f"exit\t{done.returncode}\n".encode() + truth)
    if name == "v-auto":
        keep("junit.xml", clean(junit.read_bytes()))
        keep("reportlog.jsonl", clean(reportlog.read_bytes()))
    print(version, name, done.returncode, len(done.stdout), flush=True)


for version in ["v62", "v74", "v84", "v90"]:
    variants = [*VARIANTS, INTERRUPTED] + ([TIMES] if version in ("v84", "v90") else [])
    for variant in variants:
        if not ONLY or variant[0] in ONLY:
            run(version, *variant)
