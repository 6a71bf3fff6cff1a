"""Clients for the tests: the official SDK where it is installed, and the standard library."""

import json
import os
import time
from typing import Callable, Dict
from urllib import error, request

import pytest

pytest_plugins = ["pytester"]

Ask = Callable[[str], str]


def by_urllib(prompt: str, tries: int = 3) -> str:
    """Asks as a careful program does: backs off, and obeys `retry-after`."""
    body = {
        "model": "claude-haiku-4-5",
        "max_tokens": 64,
        "messages": [{"role": "user", "content": prompt}],
    }
    headers: Dict[str, str] = {
        "x-api-key": os.environ["ANTHROPIC_API_KEY"],
        "anthropic-version": "2023-06-01",
        "content-type": "application/json",
    }
    url = os.environ["ANTHROPIC_BASE_URL"] + "/v1/messages"
    asked = request.Request(url, json.dumps(body).encode(), headers)
    for attempt in range(tries):
        try:
            with request.urlopen(asked, timeout=10) as answer:
                return str(json.load(answer)["content"][0]["text"])
        except error.HTTPError as refused:
            if attempt + 1 == tries or refused.code < 429:
                raise
            # Some way of spreading the waits, so that they are not all alike.
            time.sleep(float(refused.headers.get("retry-after") or 0.3 * 2**attempt))
    raise AssertionError("it returns or raises before")


def by_sdk(prompt: str) -> str:
    """Asks as the official SDK does."""
    anthropic = pytest.importorskip("anthropic")
    message = anthropic.Anthropic().messages.create(
        model="claude-haiku-4-5",
        max_tokens=64,
        messages=[{"role": "user", "content": prompt}],
    )
    return str(message.content[0].text)


@pytest.fixture(params=[by_urllib, by_sdk], ids=["urllib", "sdk"])
def ask(request: pytest.FixtureRequest) -> Ask:
    """A client that retries twice."""
    return request.param  # type: ignore[no-any-return]
