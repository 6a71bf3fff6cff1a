"""What pytest itself counted: a line for each report, by category, in its order."""
import os

CATEGORIES = ["failed", "error", "passed", "skipped", "xfailed", "xpassed", "rerun",
              "subtests passed", "subtests failed", "subtests skipped", "subtests xfailed"]


def pytest_terminal_summary(terminalreporter):
    path = os.environ.get("SUITE_TRUTH")
    if path is None:
        return
    with open(path, "w", encoding="utf-8") as out:
        for category in CATEGORIES:
            for report in terminalreporter.stats.get(category, []):
                when = getattr(report, "when", None) or "collect"
                out.write(f"{category}\t{when}\t{report.nodeid}\n")
