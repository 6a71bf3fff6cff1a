// The JavaScript clients that `scripts/clients` drives; the same protocol as python_clients.py.
// Usage: node node_clients.mjs CLIENT URL NODE_MODULES, rows as JSON on standard input.

import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const [client, url, modules] = process.argv.slice(2);
const require = createRequire(`${modules}/`);
const load = (name) => import(pathToFileURL(require.resolve(name)).href);
const MODEL = 'claude-sonnet-4-6';
const ROWS_AT_ONCE = 4;

async function typescriptSdk(baseURL, timeout) {
    const { default: Anthropic } = await load('@anthropic-ai/sdk');
    const api = new Anthropic({ apiKey: 'key', baseURL, timeout });
    return async (prompt, stream) => {
        const messages = [{ role: 'user', content: prompt }];
        const question = { model: MODEL, max_tokens: 500, messages };
        const message = stream
            ? await api.messages.stream(question).finalMessage()
            : await api.messages.create(question);
        return message.content[0].text;
    };
}

async function aiSdk(baseURL, timeout) {
    const { generateText, streamText } = await load('ai');
    const { createAnthropic } = await load('@ai-sdk/anthropic');
    const model = createAnthropic({ apiKey: 'key', baseURL: `${baseURL}/v1` })(MODEL);
    return async (prompt, stream) => {
        const abortSignal = AbortSignal.timeout(timeout > 1_000 ? 120_000 : timeout);
        const question = { model, prompt, maxOutputTokens: 500, abortSignal };
        if (!stream) return (await generateText(question)).text;
        // What goes wrong is told to `onError` alone; a program that wants to know throws it.
        let wrong;
        const streaming = streamText({ ...question, onError: ({ error }) => (wrong = error) });
        let text = '';
        for await (const part of streaming.textStream) text += part;
        if (wrong) throw wrong;
        return text;
    };
}

async function langchain(anthropicApiUrl, timeout) {
    const { ChatAnthropic } = await load('@langchain/anthropic');
    const clientOptions = { timeout };
    const api = new ChatAnthropic({
        model: MODEL, maxTokens: 500, apiKey: 'key', anthropicApiUrl, clientOptions,
    });
    return async (prompt, stream) => {
        if (!stream) return (await api.invoke(prompt)).content;
        let text = '';
        for await (const part of await api.stream(prompt)) text += part.content;
        return text;
    };
}

const CLIENTS = { 'typescript-sdk': typescriptSdk, 'ai-sdk': aiSdk, 'langchain-js': langchain };

async function run(row) {
    const ask = await CLIENTS[client](`${url}/job/${row.job}`, row.timeout_s * 1000);
    const one = async (number) => {
        try {
            await ask(`def f${row.equal ? 0 : number}(): ...\n`, row.stream);
            return 'answers';
        } catch (error) {
            return `raises ${error?.constructor?.name}`;
        }
    };
    const ends = {};
    for (const end of await Promise.all(Array.from({ length: row.questions }, (_, n) => one(n))))
        ends[end] = (ends[end] ?? 0) + 1;
    console.log(JSON.stringify({ job: row.job, ends }));
}

// What a stream leaves behind must not end the program.
process.on('unhandledRejection', () => {});
const rows = JSON.parse(readFileSync(0, 'utf8'));
const worker = async () => { while (rows.length > 0) await run(rows.shift()); };
await Promise.all(Array.from({ length: ROWS_AT_ONCE }, worker));
process.exit(0);
