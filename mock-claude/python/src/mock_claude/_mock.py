"""A mock as a test has it: one job of a server, its faults, and what was seen of it."""

import hashlib
import time
from types import TracebackType
from typing import Any, Dict, List, Optional, Sequence, Type
from urllib.parse import quote

from . import _environment, _show
from ._fault import fault as _fault
from ._server import MockError, Server

# The mock takes 400 bytes of a path for the name of a job.
_MAX_NAME = 380
_PAGE = 1_000
_SETTLE_S = 2.0


class Mock:
    """A mock of the Claude API for one job, as a context manager.

    Without a ``server`` it has one of its own, with ``args`` as more flags of ``mock-claude``. With
    ``environment`` the variables by which clients find the API lead to it, and go back to what they
    were when it is closed; without it, clients are given ``url`` and ``api_key``.
    """

    def __init__(
        self,
        job: str = "mock",
        *,
        server: Optional[Server] = None,
        args: Sequence[str] = (),
        environment: bool = True,
    ) -> None:
        """A mock that is to be started."""
        if job in ("", ".", ".."):
            raise ValueError("a job has a name that a path can carry")
        self._name = _short(job)
        self._args = args
        self._changes_environment = environment
        self._before: Dict[str, Optional[str]] = {}
        self._own = server is None
        self._server = server
        self._faults: List[Dict[str, Any]] = []
        self.job = ""
        """The name of the job, as the journal has it."""
        self.url = ""
        """The base URL for clients, with the prefix of the job."""
        self.api_key = ""
        """A key that is no key; every mock has another, so that they share no prompt cache."""

    def start(self) -> "Mock":
        """Starts it; ``with`` does."""
        if self.job:
            raise RuntimeError("the mock has been started")
        server = self._server = self._server or Server(self._args)
        self.job = server.open_job(self._name)
        self.url = f"{server.url}/job/{quote(self.job, safe='')}"
        digest = hashlib.sha256(self.job.encode()).hexdigest()
        self.api_key = f"sk-ant-mock-{digest[:12]}"
        if self._changes_environment:
            self._before = _environment.change(_environment.to_mock(self.url, self.api_key))
        return self

    def close(self) -> None:
        """Removes its faults and restores the environment; ends the server if it is its own."""
        _environment.change(self._before)
        self._before = {}
        server, self._faults = self._server, []
        if server is None or not self.job:
            return
        try:
            if not self._own:
                server.close_job(self.job)
        finally:
            if self._own:
                self._server = None
                server.stop()
            self.job = ""

    def __enter__(self) -> "Mock":
        return self.start()

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self.close()

    def fault(self, kind: Optional[str] = None, /, **keys: Any) -> None:
        """Lets requests of this job fail, for as long as the mock is open.

        The keys are those of a ``[[fault]]`` in a file, conditions included::

            mock.fault(status=529, first_attempts=2)
            mock.fault(status=429, retry_after_s=1, nth=3)
            mock.fault(what="reset", share=0.1)
            mock.fault(what={"error_event": {"after_deltas": 3, "status": 529}}, stream=True)

        Requests are counted over this job alone. The first fault that hits is the one that is met.
        """
        __tracebackhide__ = True
        faults = [*self._faults, _fault(self.job, kind, keys)]
        try:
            self._running().set_faults(self.job, faults)
        except MockError as refused:
            raise ValueError(str(refused)) from None
        self._faults = faults

    def clear_faults(self) -> None:
        """Lets no request of this job fail from now on."""
        self._running().set_faults(self.job, [])
        self._faults = []

    def requests(self) -> List[Dict[str, Any]]:
        """The latest requests of this job, oldest first: what was decided, and what was seen.

        Waits a moment for those whose answers are still on their way.
        """
        patience = time.monotonic() + _SETTLE_S
        records = self._records()
        while time.monotonic() < patience and any(
            record["visit"]["ended_us"] is None for record in records
        ):
            time.sleep(0.01)
            records = self._records()
        return records

    def _records(self) -> List[Dict[str, Any]]:
        records: List[Dict[str, Any]] = []
        after: Optional[int] = None
        while True:
            page = self._ask("/journal", after=after, limit=_PAGE)
            records += page["records"]
            after = page["next_after"]
            if after is None:
                return records

    def ledger(self) -> Dict[str, int]:
        """What this job was charged: requests, errors, tokens and micro-dollars, all of them."""
        ledger: Dict[str, int] = self._ask("/ledger")
        return ledger

    def verdict(self) -> Dict[str, Any]:
        """What the client of this job did wrong, once it has ended."""
        self.requests()
        verdict: Dict[str, Any] = self._ask("/verdict", ended="true")
        return verdict

    def journal(self) -> str:
        """The requests and the verdict for a reader."""
        records = self.requests()
        verdict = self._ask("/verdict", ended="true", format="text")
        return _show.journal(self.ledger(), records, verdict)

    def assert_clean(self) -> None:
        """Fails where the client did something wrong, with what it was and what to do instead.

        Unlike the verdict it asks for no least number of requests.
        """
        __tracebackhide__ = True
        if self.verdict()["findings"]:
            raise AssertionError(self._ask("/verdict", ended="true", format="text").rstrip())

    def assert_calls(self, expected: int) -> None:
        """Fails unless this job made this many requests, retries included."""
        __tracebackhide__ = True
        made = self.ledger()["requests"]
        if made != expected:
            raise AssertionError(f"{made} requests, not {expected}\n{self.journal()}")

    def _running(self) -> Server:
        if self._server is None or not self.job:
            raise RuntimeError("the mock is not started; use it in a `with`")
        return self._server

    def _ask(self, path: str, **query: object) -> Any:
        return self._running().ask("GET", path, job=self.job, **query)


def _short(name: str) -> str:
    """The name, or the beginning of it and a hash, where a path cannot carry all of it."""
    if len(quote(name, safe="")) <= _MAX_NAME:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:16]
    while len(quote(name, safe="")) > _MAX_NAME - len(digest) - 1:
        name = name[:-1]
    return f"{name}~{digest}"
