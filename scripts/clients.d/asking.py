"""What the planted clients are made of: one request over urllib, and ways to wait and to work."""

import collections
import json
import random
import threading
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

MODEL = "claude-sonnet-4-6"

# An answer: 0 for one that never came, or came in pieces.
Answer = collections.namedtuple("Answer", "status headers body")


class Client:
    """Asks a mock under a job's name, and leaves everything else to its caller."""

    def __init__(self, url, job):
        self.url = f"{url}/job/{job}"

    def send(self, path, body=None, key="key", timeout=20, headers=()):
        """One request, whatever comes of it."""
        sent = {"x-api-key": key, "anthropic-version": "2023-06-01", **dict(headers)}
        data = None if body is None else json.dumps(body).encode()
        if data is not None:
            sent["content-type"] = "application/json"
        request = urllib.request.Request(self.url + path, data, sent)
        try:
            with urllib.request.urlopen(request, timeout=timeout) as answer:
                return Answer(answer.status, answer.headers, answer.read().decode())
        except urllib.error.HTTPError as error:
            return Answer(error.code, error.headers, error.read().decode(errors="replace"))
        except Exception as error:
            return Answer(0, {}, type(error).__name__)

    def ask(self, prompt, model=MODEL, stream=False, turns=(), max_tokens=500, **how):
        """One question; a number stands for a function to document."""
        prompt = f"def f{prompt}(): ...\n" if isinstance(prompt, int) else prompt
        messages = [*turns, {"role": "user", "content": prompt}]
        body = {"model": model, "max_tokens": max_tokens, "messages": messages, "stream": stream}
        return self.send("/v1/messages", body, **how)


def whole(answer):
    """Whether an answer is one, by all that the API says about its end."""
    return answer.status == 200 and ("message_stop" in answer.body or '"role"' in answer.body)


def again(ask, wait, most=4, good=lambda answer: answer.status == 200):
    """Asks up to `most` times, and waits in between as `wait(attempt, answer)` says; it stops
    where that says nothing."""
    for attempt in range(most):
        answer = ask(attempt)
        pause = None if good(answer) or attempt == most - 1 else wait(attempt, answer)
        if pause is None:
            return answer
        time.sleep(pause)


def doubling(base=0.1, cap=8.0, jitter=0.4):
    """A wait that doubles, less up to a part of it."""
    return lambda attempt, _: min(base * 2**attempt, cap) * (1 - jitter * random.random())


def full_jitter(base=0.2, cap=8.0):
    """A wait between nothing and a bound that doubles."""
    return lambda attempt, _: random.uniform(0, min(base * 2**attempt, cap))


def passing(answer):
    """Whether it may be different in a moment."""
    return answer.status in (0, 408, 409, 429) or answer.status >= 500


def polite(base=0.1):
    """What a good client does: obeys the answer, else doubles with jitter, else gives up."""
    own = doubling(base)

    def wait(attempt, answer):
        said = answer.headers.get("x-should-retry")
        if said == "false" or (said is None and not passing(answer)):
            return None
        asked_ms = answer.headers.get("retry-after-ms")
        asked_s = answer.headers.get("retry-after")
        if asked_ms or asked_s:
            return float(asked_ms) / 1000 if asked_ms else float(asked_s)
        return own(attempt, answer)

    return wait


def each(work, number=20):
    """One after the other."""
    for n in range(number):
        work(n)


def together(work, number=20):
    """All at the same moment."""
    barrier = threading.Barrier(number)

    def begin(n):
        barrier.wait()
        work(n)

    with ThreadPoolExecutor(number) as pool:
        list(pool.map(begin, range(number)))


def spread(work, number=20, over_s=0.6):
    """All in the same time, none at the same moment."""

    def begin(n):
        time.sleep(over_s * n / number)
        work(n)

    with ThreadPoolExecutor(number) as pool:
        list(pool.map(begin, range(number)))
