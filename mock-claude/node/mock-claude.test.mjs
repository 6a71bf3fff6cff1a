// The helper as a test uses it: MOCK_CLAUDE_BIN=target/debug/mock-claude node --test mock-claude/node/
import assert from 'node:assert/strict';
import test from 'node:test';

import { mockClaude } from './mock-claude.mjs';

const ask = (url) => fetch(`${url}/v1/messages`, {
    method: 'POST',
    headers: { 'x-api-key': 'k', 'anthropic-version': '2023-06-01' },
    body: JSON.stringify({
        model: 'claude-sonnet-5-5', max_tokens: 9, messages: [{ role: 'user', content: 'hi' }],
    }),
});

test('a client that waits and tries again is clean', async () => {
    const mock = await mockClaude();
    await mock.fault({ kind: 'status', status: 529, when: { first_attempts: 1 } });
    assert.equal((await ask(mock.url)).status, 529);
    await new Promise((resolve) => { setTimeout(resolve, 700); });
    assert.equal((await ask(mock.url)).status, 200);
    await mock.assertClean();
    assert.deepEqual([(await mock.ledger()).requests, (await mock.requests()).length], [2, 2]);
    await mock.close();
});

test('a client that insists is told so, and a wrong fault is refused', async () => {
    const mock = await mockClaude();
    await mock.fault({ kind: 'status', status: 400 });
    await ask(mock.url);
    await ask(mock.url);
    await assert.rejects(mock.assertClean(), /retried_unretryable/);
    await assert.rejects(mock.fault({ kind: 'status', status: 200 }), /from 400 to 599/);
    await mock.close();
});

test('without the binary it says how to get it', async () => {
    const before = process.env.MOCK_CLAUDE_BIN;
    process.env.MOCK_CLAUDE_BIN = '/nowhere/mock-claude';
    await assert.rejects(mockClaude(), /hint: cargo install/);
    if (before === undefined) delete process.env.MOCK_CLAUDE_BIN;
    else process.env.MOCK_CLAUDE_BIN = before;
});
