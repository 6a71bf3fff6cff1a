"""One process of the mock: started on free ports, asked over its admin API, and ended with whoever
started it.

The mock reads a pipe whose other end this process holds, and stops when the pipe is closed. So it
ends however this process does, a kill included.
"""

import atexit
import json
import os
import secrets
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from queue import Empty, Queue
from typing import IO, Any, Dict, List, Optional, Sequence
from urllib import error, parse, request

from ._binary import find

_START_S = 20.0
_ANSWER_S = 20.0
_END_S = 2.0

# Answers come at once, as they do in a Rust test; flags that are given come after this file.
_INSTANT = Path(__file__).parent / "instant.toml"

# The mock keeps the ledgers of 10,000 jobs. Between two tests it can forget them.
_JOBS_BETWEEN_RESETS = 5_000


class MockError(RuntimeError):
    """The mock did not start, has ended, or has refused what it was asked."""


class Server:
    """A running mock. Jobs share it, and are told apart by the prefix of their paths."""

    def __init__(self, args: Sequence[str] = ()) -> None:
        """Starts it, with more flags of ``mock-claude`` where they are given."""
        self._token = secrets.token_hex(16)
        self._lock = threading.RLock()
        self._faults: Dict[str, List[Dict[str, Any]]] = {}
        self._open: List[str] = []
        self._used: Dict[str, int] = {}
        self._owner = os.getpid()
        # A file, because a pipe that nobody reads would stop the mock when it is full.
        self._log: IO[bytes] = tempfile.TemporaryFile()
        # The answers of the admin API are asked for without the proxy of the environment.
        self._opener = request.build_opener(request.ProxyHandler({}))
        self._process = self._start(args)
        atexit.register(self.stop)
        try:
            self.url = self._first_line()
            self._admin = self._admin_url()
        except BaseException:
            self.stop()
            raise

    def _start(self, args: Sequence[str]) -> "subprocess.Popen[bytes]":
        command = [find(), "--until-stdin-closes", "--port", "0", "--admin-port", "0"]
        if not any(arg.split("=")[0] in ("--preset", "--config") for arg in args):
            command += ["--config", str(_INSTANT)]
        group: Dict[str, Any] = {"start_new_session": True}
        if sys.platform == "win32":
            group = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
        # A group of its own: an interrupt ends the tests first, whose journal may still be wanted.
        return subprocess.Popen(
            [*command, *args],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env={**os.environ, "MOCK_CLAUDE_ADMIN_TOKEN": self._token},
            **group,
        )

    def _first_line(self) -> str:
        stdout = self._process.stdout
        assert stdout is not None
        lines: "Queue[bytes]" = Queue()
        threading.Thread(target=lambda: lines.put(stdout.readline()), daemon=True).start()
        try:
            line = lines.get(timeout=_START_S).decode().strip()
        except Empty:
            line = ""
        if not line.startswith("http://"):
            raise MockError(f"the mock did not start\n{self.log()}")
        return line

    def _admin_url(self) -> str:
        for line in self.log().splitlines():
            if line.startswith("admin http://"):
                return line[len("admin ") :]
        raise MockError(f"the mock has no admin API\n{self.log()}")

    def log(self) -> str:
        """What the mock wrote on standard error."""
        size = os.fstat(self._log.fileno()).st_size
        # Read at a place: the mock writes at the file's own.
        if hasattr(os, "pread"):
            return os.pread(self._log.fileno(), size, 0).decode(errors="replace")
        self._log.seek(0)
        return self._log.read().decode(errors="replace")

    def ask(self, method: str, path: str, body: Optional[object] = None, **query: object) -> Any:
        """What the admin API answers: JSON, or text where ``format`` is ``text``."""
        pairs = {name: str(value) for name, value in query.items() if value is not None}
        target = f"{self._admin}{path}?{parse.urlencode(pairs)}"
        data = None if body is None else json.dumps(body).encode()
        asked = request.Request(target, data=data, method=method)
        asked.add_header("authorization", f"Bearer {self._token}")
        try:
            with self._opener.open(asked, timeout=_ANSWER_S) as answer:
                text: str = answer.read().decode()
        except error.HTTPError as refused:
            text = refused.read().decode(errors="replace")
            try:
                words = json.loads(text)["error"]
            except (ValueError, KeyError, TypeError):
                words = text
            raise MockError(str(words)) from None
        except OSError as lost:
            code = self._process.poll()
            state = "does not answer" if code is None else f"has ended with code {code}"
            raise MockError(f"the mock {state}: {lost}\n{self.log()}") from lost
        return text if pairs.get("format") == "text" else json.loads(text)

    def open_job(self, name: str) -> str:
        """A job of this name, or with a number behind it where the name has been used."""
        with self._lock:
            times = self._used[name] = self._used.get(name, 0) + 1
            job = name if times == 1 else f"{name} ({times})"
            self._open.append(job)
            return job

    def close_job(self, job: str) -> None:
        """Takes the faults of a job away."""
        with self._lock:
            if job in self._open:
                self._open.remove(job)
            if self._faults.pop(job, None):
                self._put()
            if not self._open and len(self._used) >= _JOBS_BETWEEN_RESETS:
                self.ask("POST", "/reset")
                self._used.clear()

    def set_faults(self, job: str, faults: List[Dict[str, Any]]) -> None:
        """Puts the faults of a job in place of those that it had."""
        with self._lock:
            before = self._faults.get(job)
            self._faults[job] = faults
            try:
                self._put()
            except MockError:
                # What was refused changed nothing.
                self._faults[job] = before or []
                raise

    def _put(self) -> None:
        self.ask("PUT", "/faults", [fault for all_ in self._faults.values() for fault in all_])

    def stop(self) -> None:
        """Ends the process. Whoever was forked off has no part in it."""
        if os.getpid() != self._owner:
            return
        atexit.unregister(self.stop)
        process = self._process
        if process.stdin is not None:
            process.stdin.close()
        try:
            process.wait(_END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()
        self._log.close()
