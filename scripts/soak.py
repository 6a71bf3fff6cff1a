"""Clients of every kind at once against one mock, while its faults and limits change, and what has
to be true of it all the time and at the end.

Usage: soak.py PATH_OF_MOCK_CLAUDE MINUTES. Exit code 1 where anything is not as it has to be.

- `/health` answers all the time, and nothing panics.
- After a warm-up, in which the bounded books of the mock fill up, its memory does not grow: the
  line through it rises by at most 5 %. In less than ten minutes the allocator's own settling is
  still in the line, so 15 % are allowed there; 5 % of a minute would test the allocator.
- When the clients have gone, it has as many descriptors as before they came, and nothing is under
  way. Every request that came over a connection has ended in the journal.
- What honest clients were told that they pay is what the ledger says of them, to the micro-dollar.
- It ends with exit code 0 when it is asked to.
"""

import asyncio
import json
import os
import pathlib
import random
import re
import signal
import subprocess
import sys
import tempfile
import time

MODEL = "claude-sonnet-4-6"
# Micro-dollars a token of that model, read and written.
PRICE_IN, PRICE_OUT = 3, 15

HONEST = 8

CONFIGURATION = """
[latency]
first_token_ms = 5
prefill_tokens_per_second = 1_000_000
decode_tokens_per_second = 2_000
refusal_ms = 1
[batch]
shortest_ms = 100
longest_ms = 1_500
[limits]
requests_per_minute = 600_000
concurrent_requests = 400
"""

# Honest clients meet no fault: what they are told is the truth.
SPARED = {"kind": "none", "name": "spared", "when": {"job": "honest"}}

FAULTS = [
    [],
    [{"kind": "status", "status": 529, "retry_after_s": 1, "when": {"share": 0.4}}],
    [{"kind": "wire", "what": {"reset": {"after_body_bytes": 200}}, "when": {"share": 0.5}}],
    [{"kind": "wire", "what": {"hang": {"after_body_bytes": 100}}, "when": {"share": 0.2}}],
    [{"kind": "wire", "what": "garbage", "when": {"share": 0.3}},
     {"kind": "wire", "what": {"content_length": {"off_by": -10}}, "when": {"share": 0.5}}],
    [{"kind": "stream", "what": {"error_event": {"after_deltas": 3}}, "when": {"share": 0.5}},
     {"kind": "stream", "what": "no_message_stop", "when": {"share": 0.5}}],
    [{"kind": "latency", "extra": {"fixed_ms": 700}, "when": {"share": 0.5}}],
    [{"kind": "wire", "what": {"slow_loris": {"bytes_per_second": 400}}, "when": {"share": 0.1}}],
    [{"kind": "refused_connection", "when": {"share": 0.02}}],
    [{"kind": "semantic", "what": {"truncated": {"after_tokens": 3}}, "when": {"share": 0.5}}],
    [{"kind": "sequence", "then": "repeat", "outcomes": [
        {"kind": "status", "status": 500}, {"kind": "wire", "what": {"reset": {}}},
        {"kind": "none"}]}],
]

LIMITS = [
    {"requests_per_minute": 600_000, "concurrent_requests": 400},
    {"requests_per_minute": 600_000, "concurrent_requests": 5},
    {"requests_per_minute": 2_000, "concurrent_requests": 400},
]

# What a client does whose process is killed in the middle of its stream.
VICTIM = """
import http.client, sys
connection = http.client.HTTPConnection(sys.argv[1])
connection.request("POST", "/v1/messages", sys.argv[2], {"x-api-key": "k",
    "anthropic-version": "2023-06-01", "content-type": "application/json"})
answer = connection.getresponse()
answer.read(10)
print("reading", flush=True)
sys.stdin.read()
"""

chance = random.Random(7)
wrong = []
counts = {}


def count(what, times=1):
    counts[what] = counts.get(what, 0) + times


def note(what):
    wrong.append(what)
    print(f"wrong: {what}", file=sys.stderr)


def message(**more):
    """A request out of two thousand different ones. The mock remembers half a million of them, and
    while it has not seen all that there are, its memory would grow for that alone."""
    number = chance.randrange(2_000)
    text = f"question {number} " + "word " * (number % 40)
    return json.dumps({"model": MODEL, "max_tokens": 400, **more,
                       "messages": [{"role": "user", "content": text}]}).encode()


def head(method, path, length=None, **more):
    lines = [f"{method} {path} HTTP/1.1", "host: localhost", "x-api-key: key",
             "anthropic-version: 2023-06-01"]
    if length is not None:
        lines.append(f"content-length: {length}")
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in more.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


class Api:
    """One of the mock's two ports."""

    def __init__(self, url):
        self.host, port = url.removeprefix("http://").rstrip("/").split(":")
        self.port = int(port)

    async def open(self):
        return await asyncio.open_connection(self.host, self.port)

    async def ask(self, method, path, body=b"", kind="application/json"):
        """One request on a connection of its own: its status and its body."""
        reader, writer = await self.open()
        try:
            writer.write(head(method, path, len(body), connection="close", content_type=kind))
            writer.write(body)
            return await answer(reader)
        finally:
            writer.close()


async def answer(reader):
    """An answer as far as its framing goes; raises where it is not whole."""
    lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    fields = dict(line.lower().split(": ", 1) for line in lines[1:] if ": " in line)
    if "content-length" in fields:
        body = await reader.readexactly(int(fields["content-length"]))
    elif fields.get("transfer-encoding") == "chunked":
        pieces = []
        while size := int(await reader.readline(), 16):
            pieces.append(await reader.readexactly(size))
            await reader.readexactly(2)
        await reader.readexactly(2)
        body = b"".join(pieces)
    else:
        body = await reader.read()
    return int(lines[0].split(" ")[1]), body


def charged(body):
    """What a whole answer says that it costs."""
    if body.startswith(b"{"):
        usage = json.loads(body)["usage"]
        return usage["input_tokens"] * PRICE_IN + usage["output_tokens"] * PRICE_OUT
    events = [json.loads(line[6:]) for line in body.decode().splitlines()
              if line.startswith("data: ")]
    if events[-1]["type"] != "message_stop":
        raise ValueError("the stream is not whole")
    read = next(event for event in events if event["type"] == "message_start")
    written = [event for event in events if event["type"] == "message_delta"][-1]
    read = read["message"]["usage"]["input_tokens"]
    return read * PRICE_IN + written["usage"]["output_tokens"] * PRICE_OUT


paid = {"honest": 0, "unlucky": 0}
leaving = asyncio.Event()


async def client(api, job):
    """Asks, reads the whole answer, asks again on the same connection."""
    reader, writer = await api.open()
    asked = 0
    try:
        while asked < 50 and not leaving.is_set():
            body = message(stream=chance.random() < 0.5)
            path = f"/job/{job}/v1/messages"
            writer.write(head("POST", path, len(body), content_type="application/json") + body)
            status, said = await answer(reader)
            count(f"{job} {status}")
            if status == 200:
                paid[job] += charged(said)
            elif job == "honest" and status != 429:
                note(f"an honest client was answered {status}: {said[:200]}")
            asked += 1
            await asyncio.sleep(chance.random() * 0.15)
    except (OSError, asyncio.IncompleteReadError) as error:
        # A connection may be refused, before anything is said on it.
        if job == "honest" and (asked or getattr(error, "partial", b"")):
            note(f"an honest client was cut off after {asked} answers: {error!r}")
        raise
    finally:
        writer.close()


async def honest(api):
    """Meets no fault, and finishes what it has begun: it hears of everything it is charged."""
    await client(api, "honest")


async def unlucky(api):
    await client(api, "unlucky")


async def flood(api):
    """A hundred at once, half of which leave before they are answered."""
    async def one(number):
        reader, writer = await api.open()
        try:
            body = message(stream=True)
            writer.write(head("POST", "/v1/messages", len(body)) + body)
            if number % 2:
                await answer(reader)
        finally:
            writer.close()
    ended = await asyncio.gather(*(one(number) for number in range(100)), return_exceptions=True)
    count("flood", len(ended))
    await asyncio.sleep(4)


async def slow(api):
    """A head, or a body, that comes a byte at a time and is never finished."""
    reader, writer = await api.open()
    try:
        if chance.random() < 0.5:
            writer.write(head("POST", "/v1/messages", 5_000))
        for _ in range(chance.randrange(60)):
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.3)
        count("slow")
    finally:
        writer.close()


async def half_closed(api):
    """Says everything, or half of it, and that it says no more; then reads."""
    reader, writer = await api.open()
    try:
        body = message()
        sent = head("POST", "/v1/messages", len(body)) + body
        writer.write(sent if chance.random() < 0.7 else sent[: chance.randrange(len(sent))])
        writer.write_eof()
        await reader.read()
        count("half-closed")
    finally:
        writer.close()
    await asyncio.sleep(0.3)


async def killed(api):
    """A process that is killed while it reads a stream."""
    body = message(stream=True, max_tokens=4_000).decode()
    victim = await asyncio.create_subprocess_exec(
        sys.executable, "-c", VICTIM, f"{api.host}:{api.port}", body,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    await asyncio.wait([asyncio.create_task(victim.stdout.readline())], timeout=3)
    if victim.returncode is None:
        victim.kill()
    await victim.wait()
    count("killed")
    await asyncio.sleep(3)


async def huge(api):
    """A body that is larger than any may be; refused before it has been sent."""
    reader, writer = await api.open()
    try:
        writer.write(head("POST", "/job/huge/v1/messages", 33 * 1024 * 1024 + 1))
        piece = b"x" * (256 * 1024)
        try:
            for _ in range(132):
                writer.write(piece)
                await writer.drain()
        except OSError:
            pass
        status, _ = await answer(reader)
        count(f"huge {status}")
        if status not in (413, 429, 500, 529):
            note(f"a body of 33 MB was answered {status}")
    finally:
        writer.close()
        await asyncio.sleep(5)


async def batch(api):
    requests = [{"custom_id": f"r{number}", "params": json.loads(message())} for number in range(5)]
    body = json.dumps({"requests": requests}).encode()
    status, said = await api.ask("POST", "/v1/messages/batches", body)
    if status == 200:
        path = "/v1/messages/batches/" + json.loads(said)["id"]
        for _ in range(20):
            await asyncio.sleep(0.3)
            status, said = await api.ask("GET", path)
            if status == 200 and json.loads(said).get("processing_status") == "ended":
                break
        await api.ask("GET", path + "/results")
        for _ in range(30):
            status, _ = await api.ask("DELETE", path)
            if status in (200, 404):
                break
        count("batch")


async def upload(api):
    content = os.urandom(chance.randrange(200_000))
    body = (b'--edge\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\n'
            + content + b"\r\n--edge--\r\n")
    status, said = await api.ask("POST", "/v1/files", body, "multipart/form-data; boundary=edge")
    if status == 200:
        path = "/v1/files/" + json.loads(said)["id"]
        await api.ask("GET", path + "/content")
        for _ in range(30):
            status, _ = await api.ask("DELETE", path)
            if status in (200, 404):
                break
        count("upload")
    await asyncio.sleep(0.5)


async def janitor(api):
    """Deletes what clients that broke off have left: the mock keeps it, as the API does."""
    for path in ("/v1/files", "/v1/messages/batches"):
        status, said = await api.ask("GET", path + "?limit=100")
        for kept in json.loads(said).get("data", []) if status == 200 else []:
            await api.ask("DELETE", path + "/" + kept["id"])
            count("left and deleted")
    await asyncio.sleep(2)


async def other(api):
    body = json.dumps({"model": MODEL, "messages": [{"role": "user", "content": "hi"}]}).encode()
    await api.ask("POST", "/v1/messages/count_tokens", body)
    await api.ask("GET", "/v1/models")
    await api.ask("GET", "/no/such/path")
    writer = (await api.open())[1]
    writer.write(bytes(chance.randrange(256) for _ in range(400)))
    writer.close()
    count("other", 4)
    await asyncio.sleep(0.2)


async def fill(api):
    """As many requests as the journal keeps, before anything is measured: it is the largest of the
    books that fill up."""
    async def some():
        reader, writer = await api.open()
        for _ in range(1_000):
            body = message(stream=chance.random() < 0.5)
            writer.write(head("POST", "/job/fill/v1/messages", len(body)) + body)
            await answer(reader)
        writer.close()
    await asyncio.gather(*(some() for _ in range(12)))


async def trouble(admin):
    """Other faults every three seconds, other limits every nine, and whoever looks at all of it."""
    for number in range(10 ** 9):
        faults = [SPARED, *FAULTS[number % len(FAULTS)]]
        status, said = await admin.ask("PUT", "/faults", json.dumps(faults).encode())
        if status != 200:
            note(f"PUT /faults: {status} {said[:300]}")
        if number % 3 == 0:
            limits = LIMITS[number // 3 % len(LIMITS)]
            status, said = await admin.ask("PUT", "/limits", json.dumps(limits).encode())
            if status != 200:
                note(f"PUT /limits: {status} {said[:300]}")
        for path in ("/metrics", "/live", "/verdict", "/journal?limit=50", "/config"):
            status, said = await admin.ask("GET", path)
            if status != 200:
                note(f"{path}: {status} {said[:300]}")
        await asyncio.sleep(3)


async def repeated(behave, api):
    """One client after another of a kind; what a fault does to them is no finding."""
    # Where a fault hangs, a client goes; an honest one meets none.
    patience = None if behave is honest else 20
    while not leaving.is_set():
        try:
            await asyncio.wait_for(behave(api), patience)
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError,
                ValueError, IndexError, KeyError):
            count(f"{behave.__name__} broken off")
            await asyncio.sleep(0.05)


class Mock:
    """The mock's process, as the system sees it."""

    def __init__(self, binary, folder):
        configuration = folder / "soak.toml"
        configuration.write_text(CONFIGURATION)
        self.log = folder / "log"
        self.process = subprocess.Popen(
            [binary, "--admin-port", "0", "--quiet", "--config", str(configuration)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.log.open("w"))
        self.api = Api(self.process.stdout.readline().decode().strip())
        found = re.search(r"admin (http://\S+)", self.log.read_text())
        self.admin = Api(found.group(1))

    def memory(self):
        """Kilobytes in memory."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status).group(1))

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))


async def watch(mock, samples, began):
    """Asks for its health twice a second and takes its measure."""
    slowest = 0.0
    while True:
        asked = time.monotonic()
        try:
            status, _ = await asyncio.wait_for(mock.admin.ask("GET", "/health"), 10)
            if status != 200:
                note(f"/health: {status}")
        except (OSError, asyncio.IncompleteReadError, TimeoutError) as error:
            note(f"/health after {asked - began:.0f} s: {error!r}")
            return
        slowest = max(slowest, time.monotonic() - asked)
        counts["slowest /health, ms"] = round(slowest * 1000)
        samples.append((asked - began, mock.memory(), mock.descriptors()))
        await asyncio.sleep(0.5)


def rise(samples):
    """By how much the line through these rises from its first to its last, in its beginning's
    percent."""
    times = [sample[0] for sample in samples]
    values = [sample[1] for sample in samples]
    time_mean, value_mean = sum(times) / len(times), sum(values) / len(values)
    slope = (sum((at - time_mean) * (value - value_mean) for at, value in zip(times, values))
             / sum((at - time_mean) ** 2 for at in times))
    first = value_mean + slope * (times[0] - time_mean)
    return 100 * slope * (times[-1] - times[0]) / first


async def settled(mock, before):
    """Whether everything is as it was, at the latest after the time that a silent head is given."""
    for _ in range(900):
        _, metrics = await mock.admin.ask("GET", "/metrics")
        under_way = int(re.search(rb"requests_in_flight (\d+)", metrics).group(1))
        # The question itself is one.
        left = mock.descriptors() - before
        if under_way == 0 and left <= 0:
            return
        await asyncio.sleep(0.1)
    note(f"{under_way} requests are under way and {left} descriptors are left")


async def sums(mock):
    """The journal, the ledger and what the clients heard."""
    _, said = await mock.admin.ask("GET", "/ledger?job=honest")
    ledger = json.loads(said)["cost_microusd"]
    if ledger != paid["honest"] or ledger == 0:
        note(f"honest clients were told {paid['honest']}, and the ledger says {ledger}")
    _, said = await mock.admin.ask("GET", "/ledger?job=unlucky")
    if json.loads(said)["cost_microusd"] < paid["unlucky"]:
        note(f"the ledger has less than others were told: {said} and {paid['unlucky']}")
    _, said = await mock.admin.ask("GET", "/ledger")
    print(f"ledger: {said.decode()}")
    path, seen, unended = "/journal?limit=1000", 0, []
    while path:
        _, said = await mock.admin.ask("GET", path)
        page = json.loads(said)
        seen += len(page["records"])
        # What is in a batch came over no connection.
        unended += [record for record in page["records"]
                    if record["visit"]["connection"] and record["visit"]["ended_us"] is None]
        after = page["next_after"]
        path = None if after is None else f"/journal?limit=1000&after={after}"
    print(f"journal: {seen} records, {len(unended)} without an end")
    if unended or not seen:
        note(f"requests that never ended: {json.dumps(unended[:1])}")


async def stop(clients, watching):
    """Honest clients come to the end of what they ask; all others are cut off."""
    leaving.set()
    await asyncio.wait(clients[:HONEST], timeout=30)
    for task in (*clients, watching):
        task.cancel()
    await asyncio.gather(*clients, watching, return_exceptions=True)


def report(samples, minutes, before):
    """Memory and descriptors over the time, and whether the memory was flat."""
    warm = [sample for sample in samples if sample[0] > minutes * 60 / 3]
    if len(warm) < 10:
        return note(f"only {len(warm)} samples were taken")
    # In a few minutes one large body more at the end than at the beginning makes a slope.
    percent, allowed = rise(warm), 5 if minutes >= 10 else 30
    print(f"memory, kB: {samples[0][1]} at first, {warm[0][1]} warm, {samples[-1][1]} at last, "
          f"{max(sample[1] for sample in samples)} at most; the line rises by {percent:.1f} %")
    print(f"descriptors: {before} at first, {max(sample[2] for sample in samples)} at most")
    if percent > allowed:
        note(f"the memory rises by {percent:.1f} % after the warm-up, {allowed} % are allowed")


async def soak(binary, minutes):
    samples = []
    with tempfile.TemporaryDirectory() as folder:
        mock = Mock(binary, pathlib.Path(folder))
        try:
            await asyncio.sleep(0.5)
            before = mock.descriptors()
            await fill(mock.api)
            began = time.monotonic()
            kinds = [(honest, HONEST), (unlucky, 8), (flood, 1), (slow, 20), (half_closed, 2),
                     (killed, 2), (huge, 1), (batch, 2), (upload, 2), (other, 1),
                     (janitor, 1)]
            clients = [asyncio.create_task(repeated(kind, mock.api))
                       for kind, number in kinds for _ in range(number)]
            clients.append(asyncio.create_task(trouble(mock.admin)))
            watching = asyncio.create_task(watch(mock, samples, began))
            await asyncio.wait([watching, *clients], timeout=minutes * 60,
                               return_when=asyncio.FIRST_COMPLETED)
            for task in [task for task in clients if task.done()]:
                note(f"a client ended: {task.exception()!r}")
            await stop(clients, watching)
            await settled(mock, before)
            await sums(mock)
            report(samples, minutes, before)
            mock.process.send_signal(signal.SIGTERM)
            code = mock.process.wait(timeout=30)
            if code != 0:
                note(f"exit code {code} after SIGTERM")
        finally:
            mock.process.kill()
        log = mock.log.read_text()
        if "panicked" in log:
            note(log[log.index("panicked") - 200:][:2_000])
    print(json.dumps(counts, sort_keys=True))
    print("ok" if not wrong else f"{len(wrong)} things are wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(soak(sys.argv[1], int(sys.argv[2]))))
