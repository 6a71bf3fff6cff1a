// A mock of the Claude API in a JavaScript test, for Vitest, Jest and node:test alike:
//
//   const mock = await mockClaude();
//   await mock.fault({ kind: 'status', status: 529, when: { first_attempts: 2 } });
//   await runMyPipeline(mock.url);
//   await mock.assertClean();
//   await mock.close();
//
// `mock-claude` is on PATH, or MOCK_CLAUDE_BIN names it. The process reads a pipe from this one, so
// it ends with it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const INSTANT = fileURLToPath(new URL('../python/src/mock_claude/instant.toml', import.meta.url));

export async function mockClaude({ args = ['--config', INSTANT] } = {}) {
    const flags = ['--until-stdin-closes', '--port', '0', '--admin-port', '0', ...args];
    const child = spawn(process.env.MOCK_CLAUDE_BIN || 'mock-claude', flags);
    const ended = once(child, 'exit');
    let said = '';
    child.stderr.on('data', (data) => { said += data; });
    const url = await Promise.race([
        once(child.stdout, 'data').then(([data]) => String(data).trim()),
        ended.then(() => { throw new Error(`the mock did not start\n${said}`); }),
    ]).catch((error) => {
        const hint = 'cargo install --path mock-claude, or name it by MOCK_CLAUDE_BIN';
        throw error.code === 'ENOENT' ? new Error(`there is no mock-claude\nhint: ${hint}`) : error;
    });
    while (!/^admin (http:\S+)\n/m.test(said)) await once(child.stderr, 'data');
    const admin = /^admin (http:\S+)$/m.exec(said)[1];
    const ask = async (path, options) => {
        const answer = await fetch(admin + path, options);
        const text = await answer.text();
        if (!answer.ok) throw new Error(JSON.parse(text).error);
        return path.includes('format=text') ? text : JSON.parse(text);
    };
    const faults = [];
    return {
        url,
        fault: async (fault) => {
            await ask('/faults', { method: 'PUT', body: JSON.stringify([...faults, fault]) });
            faults.push(fault);
        },
        requests: async () => (await ask('/journal?limit=1000')).records,
        ledger: () => ask('/ledger'),
        verdict: () => ask('/verdict?ended=true'),
        assertClean: async () => {
            const { findings } = await ask('/verdict?ended=true');
            if (findings.length > 0) throw new Error(await ask('/verdict?ended=true&format=text'));
        },
        close: async () => {
            child.stdin.end();
            await ended;
        },
    };
}
