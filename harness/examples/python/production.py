"""Phase 3, as its documents describe it, flaws included.

    python production.py --cache DIR FILE

A cache of answers by content, parts of 2,000 lines, five at once, five attempts with 1, 2, 4 and 8
seconds between them, `retry-after` ignored, 60 seconds a call. A part that fails becomes a
placeholder, and the file counts as documented.
"""

import argparse
import ast
import hashlib
import os
import pathlib
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import httpx

PROMPT = """\
Document this Python code in Markdown.

File: {path}

```python
{code}
```

Give an overview, then every function and class with its purpose, parameters and return value, \
then dependencies and quality notes. Be precise, be concrete, and do not repeat the code.
"""

MAX_LINES = 2000
OVERLAP = 50
RETRIED = {429, 502, 503, 504}
RETRIED_ERRORS = {
    "TimeoutException", "ConnectTimeout", "ReadTimeout", "WriteTimeout", "PoolTimeout",
    "ConnectError", "NetworkError", "RemoteProtocolError", "TimeoutError",
}


client = httpx.Client(timeout=60, limits=httpx.Limits(max_connections=None))


def ask(path, code):
    """Asks up to five times."""
    url = os.environ.get("ANTHROPIC_BASE_URL", "https://api.anthropic.com") + "/v1/messages"
    headers = {"x-api-key": os.environ["ANTHROPIC_API_KEY"], "anthropic-version": "2023-06-01"}
    body = {
        "model": "claude-sonnet-4-6",
        "max_tokens": 4096,
        "messages": [{"role": "user", "content": PROMPT.format(path=path, code=code)}],
    }
    for attempt in range(5):
        try:
            answer = client.post(url, headers=headers, json=body)
            answer.raise_for_status()
            return answer.json()["content"][0]["text"]
        except httpx.HTTPStatusError as error:
            if error.response.status_code not in RETRIED or attempt == 4:
                raise
        except Exception as error:
            if type(error).__name__ not in RETRIED_ERRORS or attempt == 4:
                raise
        time.sleep(min(2**attempt, 60))


class Cache:
    """Answers in files, by a hash. It never looks how old they are."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def get(self, key):
        try:
            return (self.folder / key).read_text()
        except OSError:
            return None

    def put(self, key, text):
        (self.folder / key).write_text(text)


def cut(code):
    """Parts that begin at a `def` and end with one: what is between and after them is lost."""
    lines = code.split("\n")
    try:
        nodes = ast.parse(code).body
    except SyntaxError:
        nodes = []
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    definitions = [(node.lineno, node.end_lineno) for node in nodes if isinstance(node, kinds)]
    if not definitions:
        starts = range(0, max(len(lines) - OVERLAP, 1), MAX_LINES - OVERLAP)
        return ["\n".join(lines[start : start + MAX_LINES]) for start in starts]
    parts, start, end = [], 1, 0
    for first, last in definitions:
        if last - start + 1 > MAX_LINES and end > start:
            parts.append((start, end))
            start = first
        end = last
    parts.append((start, end))
    return ["\n".join(lines[start - 1 : end]) + "\n" for start, end in parts]


def document(path, code, cache):
    if len(code.split("\n")) <= MAX_LINES:
        key = hashlib.sha256(code.encode()).hexdigest()
        found = cache.get(key)
        if found is None:
            found = ask(path, code)
            cache.put(key, found)
        return found

    def part(numbered):
        number, text = numbered
        key = hashlib.sha256(f"{path}::{number}::{text}".encode()).hexdigest()
        found = cache.get(key)
        if found is None:
            try:
                found = ask(f"{path} (Chunk {number})", text)
            except Exception as error:
                return f"<!-- Error processing chunk {number}: {error} -->"
            cache.put(key, found)
        return found

    with ThreadPoolExecutor(5) as pool:
        return "\n\n".join(pool.map(part, enumerate(cut(code), 1)))


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--cache", type=pathlib.Path, required=True)
    arguments.add_argument("file", type=pathlib.Path)
    given = arguments.parse_args()
    try:
        print(document(given.file.name, given.file.read_text(), Cache(given.cache)))
    except httpx.HTTPError as error:
        sys.exit(f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    main()
