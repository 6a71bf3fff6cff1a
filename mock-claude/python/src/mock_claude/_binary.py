"""Finds the binary of the mock: the one that is named, the wheel's own, or the one on PATH."""

import os
import shutil
import sys
from pathlib import Path

VARIABLE = "MOCK_CLAUDE_BIN"
_NAME = "mock-claude.exe" if sys.platform == "win32" else "mock-claude"
_CARRIED = Path(__file__).parent / "bin" / _NAME

_HINT = f"""hint: one of these gets it
  cargo install --path mock-claude              in a clone, and ~/.cargo/bin on PATH
  scripts/python-package                        in a clone: a wheel that carries it
  {VARIABLE}=/path/to/mock-claude pytest   one that is there already"""


class NoBinary(RuntimeError):
    """There is no binary of the mock; the message says how to get it."""


def find() -> str:
    """The path of the binary."""
    named = os.environ.get(VARIABLE)
    if named:
        found = shutil.which(named)
        if found is None:
            raise NoBinary(f"{VARIABLE} is `{named}`, which is no program\n{_HINT}")
        return found
    if os.access(_CARRIED, os.X_OK):
        return str(_CARRIED)
    found = shutil.which(_NAME)
    if found is None:
        raise NoBinary(f"there is no `{_NAME}` on PATH\n{_HINT}")
    return found
