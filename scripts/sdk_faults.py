"""Drives the official Python SDK through every family of routes and into every main fault of a mock,
and compares what it does with `sdk_faults.json`: how often it tries, and what its caller sees.

Usage: sdk_faults.py PATH_OF_MOCK_CLAUDE. Exit code 1 where anything differs.
"""

import json
import pathlib
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

import anthropic

TABLE = json.loads(pathlib.Path(__file__).with_suffix(".json").read_text())
MODEL = "claude-sonnet-4-6"
WEATHER = {
    "name": "get_weather",
    "input_schema": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
    },
}


def configuration():
    """Every case as a fault that hits only those who ask for it by name."""
    lines = list(TABLE["configuration"])
    for number, case in enumerate(TABLE["cases"]):
        lines += ["[[fault]]", f'name = "case-{number}"', *case["fault"], "when = { share = 0.0 }"]
    return "\n".join(lines) + "\n"


def client(url, fault=None):
    """A client that counts its attempts, and asks for a fault if one is named."""
    attempts = []
    http = anthropic.DefaultHttpxClient(event_hooks={"request": [attempts.append]})
    headers = {"x-mock-fault": fault} if fault else {}
    api = anthropic.Anthropic(
        api_key="key", base_url=url, http_client=http, default_headers=headers
    )
    return attempts, api


def question(content, **more):
    """A small request."""
    messages = [{"role": "user", "content": content}]
    return {"model": MODEL, "max_tokens": 500, "messages": messages, **more}


def caught(error):
    """What the caller would have to catch, in a few words."""
    status = getattr(error, "status_code", None)
    return f"{type(error).__name__} {status}" if status else type(error).__name__


def meet(url, number, stream):
    """One call into a fault: its attempts, and what its caller sees."""
    attempts, api = client(url, f"case-{number}")
    asked = question(f"case {number}")
    try:
        if stream:
            with api.messages.stream(**asked) as streaming:
                message = streaming.get_final_message()
        else:
            message = api.messages.create(**asked)
        seen = f"a message that stopped for {message.stop_reason}"
    except Exception as error:  # Whatever the caller would have to catch is the measurement.
        seen = caught(error)
    return [len(attempts), seen]


def yes(fact):
    """A fact as the table writes it."""
    return "true" if fact else "false"


def kinds(message):
    """The types of a message's blocks."""
    return ", ".join(block.type for block in message.content)


def plain(api):
    """A whole message."""
    message = api.messages.create(**question("Say hello."))
    counted = message.usage.input_tokens > 0 and message.usage.output_tokens > 0
    return f"{kinds(message)}, {message.stop_reason}, usage {yes(counted)}"


def stream(api):
    """The same, piece by piece."""
    with api.messages.stream(**question("Say hello.")) as streaming:
        text = "".join(streaming.text_stream)
        message = streaming.get_final_message()
    same = text != "" and text == message.content[0].text
    return f"{message.stop_reason}, same text {yes(same)}"


def tools(api):
    """A tool is called, answered and spoken about."""
    asked = question("Use get_weather.", tools=[WEATHER])
    first = api.messages.create(**asked)
    use = next(block for block in first.content if block.type == "tool_use")
    result = {"type": "tool_result", "tool_use_id": use.id, "content": "Sunny."}
    asked["messages"] += [
        {"role": "assistant", "content": first.content},
        {"role": "user", "content": [result]},
    ]
    second = api.messages.create(**asked)
    keys = ",".join(use.input)
    return f"{first.stop_reason}, {use.name}({keys}), {second.stop_reason}"


def tool_runner(api):
    """The SDK's own loop, which lets the server hold the conversation."""

    @anthropic.beta_tool
    def get_weather(city: str) -> str:
        """The weather of a city."""
        return f"Sunny in {city}."

    runner = api.beta.messages.tool_runner(**question("Use get_weather.", tools=[get_weather]))
    return ", ".join(message.stop_reason for message in runner)


def thinking(api):
    """A streamed thought, signed."""
    asked = question("Think.", thinking={"type": "enabled", "budget_tokens": 1024})
    with api.messages.stream(**{**asked, "max_tokens": 2048}) as streaming:
        message = streaming.get_final_message()
    return f"{kinds(message)}, signed {yes(message.content[0].signature)}"


def structured(api):
    """An answer that is JSON of a schema."""
    schema = {
        "type": "object",
        "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
        "required": ["name", "age"],
        "additionalProperties": False,
    }
    form = {"format": {"type": "json_schema", "schema": schema}}
    message = api.messages.create(**question("Who?", output_config=form))
    found = json.loads(message.content[0].text)
    return f"name {yes(isinstance(found['name'], str))}, age {yes(isinstance(found['age'], int))}"


def cached(api):
    """A prefix is written to the prompt cache, and read from it."""
    block = {"type": "text", "text": "word " * 1_400, "cache_control": {"type": "ephemeral"}}
    first = api.messages.create(**question("Go.", system=[block])).usage
    second = api.messages.create(**question("Go.", system=[block])).usage
    same = first.cache_creation_input_tokens == second.cache_read_input_tokens
    return f"written {yes(first.cache_creation_input_tokens)}, read again {yes(same)}"


def count_tokens(api):
    """The count of a prompt is what its message says."""
    asked = question("Count me.")
    usage = api.messages.create(**asked).usage
    del asked["max_tokens"]
    counted = api.messages.count_tokens(**asked)
    return f"as in the usage {yes(counted.input_tokens == usage.input_tokens)}"


def batches(api):
    """The life of a batch, a wrong request in it."""
    requests = [{"custom_id": name, "params": question(name)} for name in ("a", "b", "wrong")]
    requests[2]["params"]["model"] = "claude-nobody"
    batch = api.messages.batches.create(requests=requests)
    while batch.processing_status != "ended":
        time.sleep(0.02)
        batch = api.messages.batches.retrieve(batch.id)
    results = api.messages.batches.results(batch.id)
    shown = ", ".join(sorted(f"{line.custom_id} {line.result.type}" for line in results))
    listed = any(one.id == batch.id for one in api.messages.batches.list())
    deleted = api.messages.batches.delete(batch.id)
    return f"{shown}, listed {yes(listed)}, {deleted.type}"


def files(api):
    """The life of a file."""
    file = api.files.upload(file=("hello.txt", b"hello", "text/plain"))
    found = api.files.retrieve_metadata(file.id)
    content = api.files.download(file.id).read().decode()
    listed = any(one.id == file.id for one in api.files.list())
    deleted = api.files.delete(file.id)
    described = f"{found.filename}, {found.size_bytes} bytes, {content}"
    return f"{described}, listed {yes(listed)}, {deleted.type}"


def models(api):
    """All pages of models, and one of them."""
    every = list(api.models.list(limit=5))
    found = api.models.retrieve(MODEL)
    more, same = len(every) > 5, found.id.startswith(MODEL)
    return f"more than a page {yes(more)}, found {yes(same)}, {found.type}"


def unknown_model(api):
    """A model that never was."""
    try:
        api.messages.create(**{**question("x"), "model": "claude-nobody"})
        return "a message"
    except anthropic.APIStatusError as error:
        known = yes((error.request_id or "").startswith("req_"))
        return f"{caught(error)} {error.type}, request id {known}"


CALLS = (
    plain, stream, tools, tool_runner, thinking, structured, cached, count_tokens, batches, files,
    models, unknown_model,
)


def check(what, expected, limits, run):
    """Runs one line of the table and says how it went."""
    started = time.monotonic()
    try:
        found = run()
    except Exception as error:
        found = f"{type(error).__name__}: {error}"
    took = time.monotonic() - started
    in_time = limits.get("at_least_s", 0) <= took < limits.get("under_s", float("inf"))
    same = found == expected and in_time
    shown = f"{what}: {found}" if in_time else f"{what}: {found} after {took:.1f} s"
    print(f"{shown} as measured" if same else f"{shown} NOT {expected}", flush=True)
    return same


def lines(url):
    """Every line of the table, ready to run."""
    for run in CALLS:
        name = run.__name__ if run is not unknown_model else "unknown model"
        _, api = client(url)
        yield name, TABLE["calls"][name], {}, lambda run=run, api=api: run(api)
    for number, case in enumerate(TABLE["cases"]):
        run = lambda number=number, case=case: meet(url, number, case["stream"])
        yield " · ".join(case["fault"]), case["python"], case, run


def main():
    """Runs every line at once: most of the time of a case is spent waiting for its next attempt."""
    with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
        file.write(configuration())
        file.flush()
        mock = subprocess.Popen(
            [sys.argv[1], "--port", "0", "--config", file.name],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        try:
            url = mock.stdout.readline().strip()
            with ThreadPoolExecutor(16) as pool:
                done = list(pool.map(lambda line: check(*line), lines(url)))
        finally:
            mock.terminate()
            mock.wait()
    assert len(TABLE["calls"]) == len(CALLS), "every call of the table is made"
    print(f"{sum(done)} of {len(done)} as measured")
    return 0 if all(done) else 1


if __name__ == "__main__":
    sys.exit(main())
