// Uses the page of the mock in a browser; see `check-mock-page`, which starts this.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';

const [binary, browserPath, modules, shots] = process.argv.slice(2);
const { chromium } = createRequire(resolve(modules, 'x.js'))('playwright-core');
const KEY = 'sk-ant-api03-very-secret';
const HOSTILE = '<img src=x onerror=alert(1)>\u202e</td><script>alert(2)</script>';
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
    '--disable-background-networking', '--disable-component-update', '--disable-sync',
    '--host-resolver-rules=MAP evil.example 127.0.0.1'];

/** A mock with an admin port, and what it said of both. */
async function start(...flags) {
    const all = ['--until-stdin-closes', '--preset', 'instant', '--admin-port', '0', ...flags];
    const child = spawn(binary, all, { stdio: ['pipe', 'pipe', 'pipe'] });
    let said = '';
    child.stdout.on('data', (data) => { said += data; });
    child.stderr.on('data', (data) => { said += data; });
    const found = (form) => form.exec(said)?.[1];
    while (!(found(/^(http:\S+)\n/m) && found(/^page (http:\S+)\n/m))) {
        if (child.exitCode !== null) throw new Error(`the mock ended: ${said}`);
        await setTimeout(20);
    }
    return {
        url: found(/^(http:\S+)\n/m),
        page: found(/^page (http:\S+)\n/m),
        stop: async () => { child.stdin.end(); await once(child, 'exit'); },
    };
}

/** Sends a message to the mock, and gives its status. */
async function send(mock, { model = 'claude-sonnet-4-6', job = '', words = 'hello', stream } = {}) {
    const path = `${job && `/job/${encodeURIComponent(job)}`}/v1/messages`;
    const answer = await fetch(mock.url + path, {
        method: 'POST',
        headers: { 'x-api-key': KEY, 'anthropic-version': '2023-06-01' },
        body: JSON.stringify({ model, max_tokens: 64, stream, messages: [{ role: 'user', content: words }] }),
    });
    await answer.text();
    return answer.status;
}

/** A page that fails the check where it complains, or asks for anything that is not its own. */
async function open(browser, url, options) {
    const context = await browser.newContext(options);
    const page = await context.newPage();
    const complaints = [];
    page.on('console', (message) => complaints.push(`console: ${message.text()}`));
    page.on('pageerror', (error) => complaints.push(`error: ${error}`));
    page.on('dialog', (dialog) => { complaints.push(`dialog: ${dialog.message()}`); dialog.dismiss(); });
    page.on('request', (request) => {
        const asked = request.url();
        if (!asked.startsWith(new URL(url).origin) && asked !== 'data:,') complaints.push(`fetched ${asked}`);
    });
    await page.goto(url);
    return { page, complaints, close: () => context.close() };
}

const until = (page, test, argument) => page.waitForFunction(test, argument, { timeout: 10_000 });
const said = (page, words) =>
    until(page, (words) => document.querySelector('#said').textContent.includes(words), words);

async function shows(page, mock) {
    assert.equal(await send(mock), 200);
    assert.equal(await send(mock, { job: 'nightly "run"', stream: true }), 200);
    assert.equal(await send(mock, { model: HOSTILE, words: HOSTILE, job: HOSTILE }), 404);
    await until(page, () => document.querySelectorAll('#requests tr').length === 3);
    await until(page, () => document.querySelector('#statuses').textContent.includes('404'));
    await until(page, () => document.querySelector('#verdict').textContent.includes('unproved'));
    const row = page.locator('#requests tr').first();
    const text = await row.textContent();
    assert.ok(text.includes('<img src=x onerror=alert(1)>\\u{202e}'), text);
    await row.getByRole('button').click();
    await until(page, () => document.querySelectorAll('td.detail pre').length === 4);
    const detail = await page.locator('td.detail').textContent();
    assert.ok(detail.includes('<script>alert(2)</script>') && detail.includes('not_found_error'), detail);
    assert.ok(!detail.includes('very-secret') && detail.includes('[masked]'), 'a key is masked');
    const elements = await page.locator('main img, main script, main iframe').count();
    assert.equal(elements, 0, 'hostile text became markup');
}

async function switches(page, mock) {
    await page.getByLabel('Shipped fault').selectOption({ label: 'overload' });
    await page.getByRole('button', { name: 'Add fault' }).click();
    await said(page, 'Added.');
    assert.equal(await send(mock), 529, 'a fault acts on the next request');
    await page.getByRole('button', { name: 'Remove fault overload' }).click();
    await said(page, 'Removed the fault overload.');
    assert.equal(await send(mock), 200);
    // By keyboard alone: the field, the button, and Enter.
    await page.getByLabel('Fault, as JSON or as TOML').focus();
    await page.keyboard.press('ControlOrMeta+A');
    await page.keyboard.type('[[fault]]\nname = "<b>odd</b>"\nkind = "status"\nstatus = 418\n');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await until(page, () => document.querySelector('#faults').textContent.includes('<b>odd</b>'));
    assert.equal(await send(mock), 418);
    await page.getByLabel('Fault, as JSON or as TOML').fill('[{"kind": "none"}, {"kind": "statis"}]');
    await page.getByRole('button', { name: 'Add fault' }).click();
    await said(page, '`fault.1`, number 2 of 2');
    await page.getByRole('button', { name: 'Remove all' }).click();
    await said(page, 'Removed all faults.');
    assert.equal(await send(mock), 200);
    await page.getByLabel('Requests a minute').fill('1');
    await page.getByRole('button', { name: 'Set limits' }).click();
    await said(page, 'Set the limits.');
    assert.deepEqual([await send(mock), await send(mock)], [200, 429]);
    await page.getByRole('button', { name: 'No limits' }).click();
    await said(page, 'no limits any more');
    assert.equal(await send(mock), 200);
    await page.getByLabel('Sets latency, limits and faults').selectOption('stress');
    await page.getByRole('button', { name: 'Apply preset' }).click();
    await said(page, 'The preset stress is in force.');
    await until(page, () => document.querySelectorAll('#faults li').length === 4);
    await page.getByLabel('Sets latency, limits and faults').selectOption('instant');
    await page.getByRole('button', { name: 'Apply preset' }).click();
    await said(page, 'The preset instant is in force.');
    await until(page, () => document.querySelector('#faults').textContent.startsWith('None'));
}

/** How the page looks, and how soon it does. */
async function looks(browser, mock) {
    for (const [name, colorScheme, width] of [['light', 'light', 1200], ['dark', 'dark', 1200],
        ['telephone', 'light', 390], ['telephone-dark', 'dark', 390]]) {
        const options = { colorScheme, viewport: { width, height: 844 } };
        const { page, complaints, close } = await open(browser, mock.page, options);
        await until(page, () => document.querySelectorAll('#requests tr').length > 3);
        await page.locator('#requests button').nth(1).click();
        await until(page, () => document.querySelectorAll('td.detail pre, td.detail p').length > 0);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth);
        assert.ok(wide <= width, `${name}: ${wide} pixels wide`);
        const painted = await page.evaluate(() =>
            performance.getEntriesByName('first-contentful-paint')[0]?.startTime);
        assert.ok(painted < 1000, `${name}: painted after ${painted} ms`);
        console.log(`${name}: ${wide} pixels wide, painted after ${Math.round(painted)} ms`);
        if (shots) await page.screenshot({ path: join(shots, `${name}.png`), fullPage: true });
        assert.deepEqual(complaints, []);
        await close();
    }
}

/** What a page of somebody else can do here: nothing, under its own name and under a borrowed one. */
async function strangers(browser, mock) {
    const page = await browser.newPage();
    const rebound = await page.goto(mock.page.replace('127.0.0.1', 'evil.example'));
    assert.equal(rebound.status(), 403, 'a name that was pointed here is refused');
    await page.goto(`${mock.url}/v1/models`);
    for (const name of ['127.0.0.1', 'evil.example']) {
        const target = `${mock.page.replace('127.0.0.1', name)}faults`;
        // It may not even learn that it was refused.
        await page.evaluate((target) => fetch(target, {
            method: 'POST', mode: 'no-cors', body: '{"kind": "status", "status": 529}',
        }).catch(() => {}), target);
        assert.equal(await send(mock), 200, `another page changed the faults by ${target}`);
    }
    await page.close();
}

async function tokens(browser) {
    const mock = await start('--admin-token', 'only-for-tests');
    const without = await open(browser, mock.page, {});
    await until(without.page, () => !document.querySelector('#ask').hidden);
    assert.ok(await without.page.locator('main').isHidden());
    await without.page.getByLabel('Token, as the mock printed it').fill('only-for-tests');
    await without.page.keyboard.press('Enter');
    await without.page.locator('main').waitFor();
    // The browser itself reports the refusal that made the page ask.
    assert.ok(without.complaints.every((words) => words.includes('401')), without.complaints.join());
    await without.close();
    const { page, complaints, close } = await open(browser, `${mock.page}#token=only-for-tests`, {});
    await until(page, () => document.querySelector('#state').textContent === 'live');
    assert.equal(page.url(), mock.page, 'the token is taken out of the address');
    assert.deepEqual(complaints, []);
    await close();
    await mock.stop();
}

if (shots) await mkdir(shots, { recursive: true });
const mock = await start();
// It makes a new profile for each launch, and removes it.
const browser = await chromium.launch({ executablePath: browserPath, args: FLAGS });
try {
    const options = { viewport: { width: 390, height: 844 } };
    const { page, complaints, close } = await open(browser, mock.page, options);
    await shows(page, mock);
    await page.getByRole('button', { expanded: true }).click();
    await switches(page, mock);
    // The browser itself reports the list of faults that was refused.
    assert.equal(complaints.length, 1, complaints.join());
    assert.ok(complaints[0].includes('status of 400'), complaints[0]);
    await close();
    await looks(browser, mock);
    await strangers(browser, mock);
    await tokens(browser);
    console.log('the page of the mock: all is well');
} finally {
    await browser.close();
    await mock.stop();
}
