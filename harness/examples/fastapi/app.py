"""A service that documents files, as the documents describe theirs: POST /document.

    uvicorn app:app --port 8000

`/document` is Phase 1, and `/production` Phase 3 (../python/production.py). MAX_RETRIES=0 takes
from Phase 1 the retries of its SDK.
"""

import asyncio
import os
import pathlib
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

import anthropic
from fastapi import FastAPI, HTTPException
from pydantic import BaseModel

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "python"))
import naive
import production

app = FastAPI()
retries = int(os.environ.get("MAX_RETRIES", anthropic.DEFAULT_MAX_RETRIES))
client = anthropic.AsyncAnthropic(max_retries=retries, timeout=300)
cache = production.Cache(pathlib.Path(tempfile.mkdtemp()))
threads = ThreadPoolExecutor(200)


class Source(BaseModel):
    file_path: str
    file_content: str


@app.get("/health")
async def health():
    return {"status": "ok"}


@app.post("/document")
async def document(source: Source):
    prompt = naive.PROMPT.format(path=source.file_path, code=source.file_content)
    try:
        answer = await client.messages.create(
            model="claude-sonnet-4-6",
            max_tokens=4096,
            messages=[{"role": "user", "content": prompt}],
        )
    except Exception as error:
        raise HTTPException(502, f"{type(error).__name__}: {error}") from error
    return {"documentation": answer.content[0].text}


@app.post("/production")
async def document_in_production(source: Source):
    work = (production.document, source.file_path, source.file_content, cache)
    try:
        text = await asyncio.get_running_loop().run_in_executor(threads, *work)
    except Exception as error:
        raise HTTPException(502, f"{type(error).__name__}: {error}") from error
    return {"documentation": text}
