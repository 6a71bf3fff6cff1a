// Drives the official TypeScript SDK through every family of routes and into every main fault of a
// mock, and compares what it does with `sdk_faults.json`: how often it tries, and what its caller
// sees.
//
// Usage: node sdk_faults.mjs PATH_OF_MOCK_CLAUDE PATH_OF_NODE_MODULES. Exit code 1 where anything
// differs.

import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

const [mockPath, modules] = process.argv.slice(2);
const { default: Anthropic, toFile } = createRequire(resolve(modules, 'x.js'))('@anthropic-ai/sdk');
const table = JSON.parse(await readFile(new URL('sdk_faults.json', import.meta.url), 'utf8'));
const MODEL = 'claude-sonnet-4-6';

/** Every case as a fault that hits only those who ask for it by name. */
function configuration() {
  const faults = table.cases.map(({ fault }, number) =>
    ['[[fault]]', `name = "case-${number}"`, ...fault, 'when = { share = 0.0 }', ''].join('\n'),
  );
  return [...table.configuration, ...faults].join('\n');
}

/** A client that counts its attempts, and asks for a fault if one is named. */
function client(baseURL, fault) {
  const attempts = [];
  const counting = (url, init) => {
    attempts.push(url);
    return fetch(url, init);
  };
  const defaultHeaders = fault ? { 'x-mock-fault': fault } : {};
  const options = { apiKey: 'key', baseURL, fetch: counting, defaultHeaders, logLevel: 'off' };
  return { attempts, api: new Anthropic(options) };
}

function question(content) {
  return { model: MODEL, max_tokens: 500, messages: [{ role: 'user', content }] };
}

/** What the caller would have to catch, in a few words. */
function caught(error) {
  if (error.status) return `${error.name} ${error.status}`;
  if (error.type) return `${error.name} ${error.type}`;
  // These words tell two ends of a stream apart; those of the JSON parser differ between Nodes.
  const telling = ['terminated', 'stream ended without producing a Message'];
  const words = telling.find((words) => error.message.startsWith(words));
  return words ? `${error.name}: ${words}` : error.name;
}

/** One call into a fault: its attempts, and what its caller sees. */
async function meet(url, number, { stream }) {
  const { attempts, api } = client(url, `case-${number}`);
  const asked = question(`case ${number}`);
  let seen;
  try {
    const message = stream
      ? await api.messages.stream(asked).finalMessage()
      : await api.messages.create(asked);
    seen = `a message that stopped for ${message.stop_reason}`;
  } catch (error) {
    seen = caught(error);
  }
  return [attempts.length, seen];
}

async function drain(pages) {
  const all = [];
  for await (const one of pages) all.push(one);
  return all;
}

const weather = {
  name: 'get_weather',
  input_schema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
};

/** What a healthy mock gives, one call for each family of routes. */
const calls = {
  async plain(api) {
    const { content, stop_reason, usage } = await api.messages.create(question('Say hello.'));
    const counted = usage.input_tokens > 0 && usage.output_tokens > 0;
    return `${content.map((block) => block.type).join(', ')}, ${stop_reason}, usage ${counted}`;
  },
  async stream(api) {
    let text = '';
    const stream = api.messages.stream(question('Say hello.')).on('text', (more) => (text += more));
    const { content, stop_reason } = await stream.finalMessage();
    return `${stop_reason}, same text ${text !== '' && text === content[0].text}`;
  },
  async tools(api) {
    const asked = { ...question('Use get_weather.'), tools: [weather] };
    const first = await api.messages.create(asked);
    const use = first.content.find((block) => block.type === 'tool_use');
    const result = { type: 'tool_result', tool_use_id: use.id, content: 'Sunny.' };
    const messages = [
      ...asked.messages,
      { role: 'assistant', content: first.content },
      { role: 'user', content: [result] },
    ];
    const second = await api.messages.create({ ...asked, messages });
    return `${first.stop_reason}, ${use.name}(${Object.keys(use.input)}), ${second.stop_reason}`;
  },
  async tool_runner(api) {
    // The SDK's own loop, which lets the server hold the conversation.
    const run = async () => 'Sunny.';
    const tools = [{ ...weather, type: 'custom', run, parse: (input) => input }];
    const runner = api.beta.messages.toolRunner({ ...question('Use get_weather.'), tools });
    const stops = [];
    for await (const message of runner) stops.push(message.stop_reason);
    return stops.join(', ');
  },
  async thinking(api) {
    const thinking = { type: 'enabled', budget_tokens: 1024 };
    const asked = { ...question('Think.'), max_tokens: 2048, thinking };
    const message = await api.messages.stream(asked).finalMessage();
    const [thought] = message.content;
    const signed = thought.signature.length > 0;
    return `${message.content.map((block) => block.type).join(', ')}, signed ${signed}`;
  },
  async structured(api) {
    const schema = {
      type: 'object',
      properties: { name: { type: 'string' }, age: { type: 'integer' } },
      required: ['name', 'age'],
      additionalProperties: false,
    };
    const output_config = { format: { type: 'json_schema', schema } };
    const message = await api.messages.create({ ...question('Who?'), output_config });
    const { name, age } = JSON.parse(message.content[0].text);
    return `name ${typeof name === 'string'}, age ${Number.isInteger(age)}`;
  },
  async cached(api) {
    const text = 'word '.repeat(1_400);
    const system = [{ type: 'text', text, cache_control: { type: 'ephemeral' } }];
    const usage = async () => (await api.messages.create({ ...question('Go.'), system })).usage;
    const [first, second] = [await usage(), await usage()];
    const same = first.cache_creation_input_tokens === second.cache_read_input_tokens;
    return `written ${first.cache_creation_input_tokens > 0}, read again ${same}`;
  },
  async count_tokens(api) {
    const { max_tokens, ...asked } = question('Count me.');
    const { input_tokens } = await api.messages.countTokens(asked);
    const { usage } = await api.messages.create({ ...asked, max_tokens });
    return `as in the usage ${input_tokens === usage.input_tokens}`;
  },
  async batches(api) {
    const requests = ['a', 'b'].map((custom_id) => ({ custom_id, params: question(custom_id) }));
    requests.push({ custom_id: 'wrong', params: { ...question('c'), model: 'claude-nobody' } });
    const { id } = await api.messages.batches.create({ requests });
    let batch;
    do {
      await sleep(20);
      batch = await api.messages.batches.retrieve(id);
    } while (batch.processing_status !== 'ended');
    const results = await drain(await api.messages.batches.results(id));
    const shown = results.map(({ custom_id, result }) => `${custom_id} ${result.type}`).sort();
    const listed = (await drain(api.messages.batches.list())).some((one) => one.id === id);
    const { type } = await api.messages.batches.delete(id);
    return `${shown.join(', ')}, listed ${listed}, ${type}`;
  },
  async files(api) {
    const file = await toFile(Buffer.from('hello'), 'hello.txt', { type: 'text/plain' });
    const { id } = await api.files.upload({ file });
    const { filename, size_bytes } = await api.files.retrieveMetadata(id);
    const content = await (await api.files.download(id)).text();
    const listed = (await drain(api.files.list())).some((one) => one.id === id);
    const { type } = await api.files.delete(id);
    return `${filename}, ${size_bytes} bytes, ${content}, listed ${listed}, ${type}`;
  },
  async models(api) {
    const all = await drain(api.models.list({ limit: 5 }));
    const { id, type } = await api.models.retrieve(MODEL);
    return `more than a page ${all.length > 5}, found ${id.startsWith(MODEL)}, ${type}`;
  },
  async 'unknown model'(api) {
    try {
      await api.messages.create({ ...question('x'), model: 'claude-nobody' });
      return 'a message';
    } catch (error) {
      return `${caught(error)} ${error.type}, request id ${error.requestID.startsWith('req_')}`;
    }
  },
};

/** Runs one line of the table and says how it went. */
async function check(what, expected, limits, run) {
  const started = performance.now();
  const found = await run().catch((error) => `${error.stack}`);
  const took = (performance.now() - started) / 1000;
  const inTime = took >= (limits.at_least_s ?? 0) && took < (limits.under_s ?? Infinity);
  const same = JSON.stringify(found) === JSON.stringify(expected) && inTime;
  const shown = `${what}: ${JSON.stringify(found)}${inTime ? '' : ` after ${took} s`}`;
  console.log(same ? `${shown} as measured` : `${shown} NOT ${JSON.stringify(expected)}`);
  return same;
}

const folder = await mkdtemp(join(tmpdir(), 'sdk-faults-'));
await writeFile(join(folder, 'mock.toml'), configuration());
const mock = spawn(mockPath, ['--port', '0', '--config', join(folder, 'mock.toml')], {
  stdio: ['ignore', 'pipe', 'ignore'],
});
let wrong = 1;
try {
  const { value: url } = await createInterface({ input: mock.stdout })[Symbol.asyncIterator]().next();
  // All at once: most of the time of a case is spent waiting for its next attempt.
  const done = await Promise.all([
    ...Object.entries(table.calls).map(([name, expected]) =>
      check(name, expected, {}, () => calls[name](client(url).api)),
    ),
    ...table.cases.map((one, number) =>
      check(one.fault.join(' · '), one.typescript, one, () => meet(url, number, one)),
    ),
  ]);
  wrong = done.filter((same) => !same).length;
  console.log(`${done.length - wrong} of ${done.length} as measured`);
} finally {
  mock.kill();
  await rm(folder, { recursive: true });
}
process.exitCode = wrong ? 1 : 0;
