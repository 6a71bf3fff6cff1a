"""Puts the binary that MOCK_CLAUDE_CARRY names into the wheel, which is then one of a platform.

Without the variable the wheel has no binary, and finds one when it is used.
"""

import os
import sys
import sysconfig
from typing import Any, Dict

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CarryBinary(BuildHookInterface):  # type: ignore[type-arg]
    """The build hook."""

    def initialize(self, version: str, build_data: Dict[str, Any]) -> None:
        """Adds the binary to what is built."""
        binary = os.environ.get("MOCK_CLAUDE_CARRY")
        if not binary:
            return
        name = "mock-claude.exe" if sys.platform == "win32" else "mock-claude"
        build_data["force_include"][os.path.abspath(binary)] = f"mock_claude/bin/{name}"
        platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{platform}"
