"""The Python clients that `scripts/clients` drives, each a few lines around one library.

Usage: python_clients.py CLIENT URL, rows as JSON on standard input: each has a job, how many
questions, how many at once, whether they are equal, whether they are streamed, and a timeout. One
JSON line a row comes back: how many questions ended how.
"""

import asyncio
import collections
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import urllib.request
from concurrent.futures import ThreadPoolExecutor

MODEL = "claude-sonnet-4-6"

# Rows of one client that run at the same time, where its questions do: more would blur the times
# between its requests.
ROWS_AT_ONCE = 4


def asked(prompt, stream=False):
    """The body of a question."""
    messages = [{"role": "user", "content": prompt}]
    return {"model": MODEL, "max_tokens": 500, "messages": messages, "stream": stream}


HEADERS = {
    "x-api-key": "key",
    "anthropic-version": "2023-06-01",
    "content-type": "application/json",
}


def deltas(lines):
    """The text of a stream, by a reader that looks for nothing but text."""
    events = (json.loads(line[6:]) for line in lines if line.startswith("data: "))
    return "".join(event.get("delta", {}).get("text", "") for event in events)


def text_of(body):
    """The text of a whole message."""
    return "".join(block.get("text", "") for block in body["content"])


# Each client is made for a row and gives a function that asks one question.


def sdk(retries):
    """The official SDK."""

    def make(url, timeout):
        import anthropic

        api = anthropic.Anthropic(
            api_key="key", base_url=url, max_retries=retries, timeout=timeout
        )

        def ask(prompt, stream):
            question = asked(prompt)
            del question["stream"]
            if stream:
                with api.messages.stream(**question) as streaming:
                    return streaming.get_final_message().content[0].text
            return api.messages.create(**question).content[0].text

        return ask

    return make


def sdk_async(url, timeout):
    """The official SDK on one event loop, asked from threads."""
    import anthropic

    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()
    api = anthropic.AsyncAnthropic(api_key="key", base_url=url, timeout=timeout)

    async def answer(prompt, stream):
        question = asked(prompt)
        del question["stream"]
        if stream:
            async with api.messages.stream(**question) as streaming:
                return (await streaming.get_final_message()).content[0].text
        return (await api.messages.create(**question)).content[0].text

    return lambda *question: asyncio.run_coroutine_threadsafe(answer(*question), loop).result()


def tenacious(url, timeout):
    """tenacity around the SDK, as cookbooks have it."""
    import anthropic
    import tenacity

    return tenacity.retry(
        wait=tenacity.wait_random_exponential(multiplier=0.5, max=8),
        stop=tenacity.stop_after_attempt(4),
        retry=tenacity.retry_if_exception_type(
            (
                anthropic.RateLimitError,
                anthropic.InternalServerError,
                anthropic.APIConnectionError,
            )
        ),
        reraise=True,
    )(sdk(0)(url, timeout))


def raw_httpx(url, timeout):
    """httpx alone."""
    import httpx

    api = httpx.Client(base_url=url, headers=HEADERS, timeout=timeout)

    def ask(prompt, stream):
        if not stream:
            answer = api.post("/v1/messages", json=asked(prompt))
            return text_of(answer.raise_for_status().json())
        with api.stream("POST", "/v1/messages", json=asked(prompt, True)) as answer:
            answer.raise_for_status()
            return deltas(answer.iter_lines())

    return ask


def with_requests(url, timeout):
    """requests with urllib3's retries."""
    import requests
    from requests.adapters import HTTPAdapter
    from urllib3.util.retry import Retry

    rules = Retry(
        total=3,
        backoff_factor=0.5,
        status_forcelist=[429, 500, 502, 503, 529],
        allowed_methods=None,
    )
    api = requests.Session()
    api.mount("http://", HTTPAdapter(max_retries=rules, pool_maxsize=40))

    def ask(prompt, stream):
        answer = api.post(
            f"{url}/v1/messages",
            json=asked(prompt, stream),
            headers=HEADERS,
            timeout=timeout,
            stream=stream,
        )
        answer.raise_for_status()
        if stream:
            return deltas(answer.iter_lines(decode_unicode=True))
        return text_of(answer.json())

    return ask


def naive(url, timeout):
    """The loop of many first scripts."""

    def once(prompt, stream):
        body = json.dumps(asked(prompt, stream)).encode()
        request = urllib.request.Request(f"{url}/v1/messages", body, HEADERS)
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            if stream:
                return deltas(line.decode().rstrip() for line in answer)
            return text_of(json.load(answer))

    def ask(prompt, stream):
        for attempt in range(5):
            try:
                return once(prompt, stream)
            except Exception:
                if attempt == 4:
                    raise

    return ask


def curl(url, timeout):
    """curl with its own retries."""

    def ask(prompt, stream):
        headers = [word for name in HEADERS for word in ("-H", f"{name}: {HEADERS[name]}")]
        command = ["curl", "-sSf", "--retry", "2", "-m", str(timeout), *headers]
        body = json.dumps(asked(prompt, stream))
        answer = subprocess.run(
            [*command, "-d", body, f"{url}/v1/messages"], capture_output=True, text=True
        )
        if answer.returncode != 0:
            raise RuntimeError(f"curl exited with {answer.returncode}")
        return deltas(answer.stdout.splitlines()) if stream else text_of(json.loads(answer.stdout))

    return ask


def langchain(url, timeout):
    """langchain-anthropic as it comes."""
    from langchain_anthropic import ChatAnthropic

    api = ChatAnthropic(
        model=MODEL, max_tokens=500, api_key="key", base_url=url, timeout=timeout
    )

    def ask(prompt, stream):
        if stream:
            return "".join(str(chunk.content) for chunk in api.stream(prompt))
        return api.invoke(prompt).content

    return ask


def with_litellm(url, timeout):
    """litellm with `num_retries`."""
    import litellm

    litellm.suppress_debug_info = True
    litellm.telemetry = False

    def ask(prompt, stream):
        answer = litellm.completion(
            model=f"anthropic/{MODEL}",
            messages=[{"role": "user", "content": prompt}],
            max_tokens=500,
            api_key="key",
            api_base=url,
            timeout=timeout,
            num_retries=2,
            stream=stream,
        )
        if stream:
            return "".join(chunk.choices[0].delta.content or "" for chunk in answer)
        return answer.choices[0].message.content

    return ask


def pydantic(url, timeout):
    """pydantic-ai with its own client, on one event loop."""
    from pydantic_ai import Agent
    from pydantic_ai.models.anthropic import AnthropicModel
    from pydantic_ai.providers.anthropic import AnthropicProvider

    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()
    provider = AnthropicProvider(api_key="key", base_url=url)
    settings = {"max_tokens": 500, "timeout": timeout}
    agent = Agent(AnthropicModel(MODEL, provider=provider), model_settings=settings)

    async def answer(prompt, stream):
        if stream:
            async with agent.run_stream(prompt) as streaming:
                return await streaming.get_output()
        return (await agent.run(prompt)).output

    return lambda *question: asyncio.run_coroutine_threadsafe(answer(*question), loop).result()


def claude_code(url, timeout):
    """Claude Code, a process for each question, without tools."""
    home = pathlib.Path(sys.executable).parent.parent.parent
    command = [home / "node_modules/.bin/claude", "--model", MODEL, "--tools", "", "-p"]

    def ask(prompt, _):
        with tempfile.TemporaryDirectory() as folder:
            environment = {
                **os.environ,
                "HOME": folder,
                "ANTHROPIC_BASE_URL": url,
                "ANTHROPIC_API_KEY": "sk-ant-key",
                "CLAUDE_CODE_MAX_RETRIES": "3",
                "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            }
            ran = subprocess.run(
                [*command, prompt],
                env=environment,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=120,
            )
        if ran.returncode != 0:
            raise RuntimeError(f"claude exited with {ran.returncode}")

    return ask


CLIENTS = {
    "python-sdk-0": sdk(0),
    "python-sdk-2": sdk(2),
    "python-sdk-5": sdk(5),
    "python-sdk-async": sdk_async,
    "tenacity": tenacious,
    "httpx": raw_httpx,
    "requests": with_requests,
    "urllib": naive,
    "curl": curl,
    "langchain-anthropic": langchain,
    "litellm": with_litellm,
    "pydantic-ai": pydantic,
    "claude-code": claude_code,
}


def run(make, url, row):
    """Asks all questions of a row, and says how they ended."""
    ask = make(f"{url}/job/{row['job']}", row["timeout_s"])

    def one(number):
        subject = 0 if row["equal"] else number
        try:
            ask(f"def f{subject}(): ...\n", row["stream"])
            return "answers"
        except Exception as error:
            return f"raises {type(error).__name__}"

    with ThreadPoolExecutor(row["at_once"]) as pool:
        ends = collections.Counter(pool.map(one, range(row["questions"])))
    # In one piece, because rows end on several threads.
    sys.stdout.write(json.dumps({"job": row["job"], "ends": ends}) + "\n")
    sys.stdout.flush()


def main():
    make, url, rows = CLIENTS[sys.argv[1]], sys.argv[2], json.load(sys.stdin)
    make(url, 1)  # Imports what it needs once, and outside all measured times.
    # A program that computes as much as it waits takes one row after the other.
    with ThreadPoolExecutor(ROWS_AT_ONCE if rows[0]["at_once"] >= 20 else 1) as pool:
        for _ in pool.map(lambda row: run(make, url, row), rows):
            pass


if __name__ == "__main__":
    main()
