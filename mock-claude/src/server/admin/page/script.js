"use strict";
const $ = (id) => document.getElementById(id);
const ROWS = 50;

// The token: from the address, where it is taken out at once, or as it was typed before.
function takeToken() {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (!given) return;
  sessionStorage.setItem("token", given);
  history.replaceState(null, "", location.pathname);
}
takeToken();

/** An element with a class and texts or elements in it. Nothing here ever becomes markup. */
function make(name, kind, ...inside) {
  const made = document.createElement(name);
  if (kind) made.className = kind;
  made.append(...inside);
  return made;
}

/** A text in which no character hides or turns its neighbours around. */
function plain(text, keep = /[]/) {
  return String(text).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (letter) =>
    keep.test(letter) ? letter : `\\u{${letter.codePointAt(0).toString(16)}}`);
}
const lines = (text) => plain(text, /[\n\t\r]/);

function say(text, kind = "good") {
  $("said").textContent = lines(text);
  $("said").className = kind;
  $("said").hidden = !text;
}

/** Asks the admin API; throws what it says is wrong. */
async function ask(path, method = "GET", body) {
  const token = sessionStorage.getItem("token");
  const headers = token ? { authorization: `Bearer ${token}` } : {};
  const answer = await fetch(path, { method, headers, body, cache: "no-store" });
  const text = await answer.text();
  if (answer.status === 401) {
    $("ask").hidden = false;
    $("main").hidden = true;
    throw new Error(token ? "That is not the token." : "The token is missing.");
  }
  if (!answer.ok) {
    let why = text;
    try { why = JSON.parse(text).error; } catch { /* no JSON: it is shown as it is */ }
    throw new Error(why);
  }
  return (answer.headers.get("content-type") || "").includes("json") ? JSON.parse(text) : text;
}

/** Does what a control asks for, says what came of it, and shows what is in force then. */
async function act(done, work) {
  try {
    await work();
    say(done);
  } catch (error) {
    say(error.message, "bad");
  }
  // A look that began before the change would not show it.
  await busy;
  await poll();
}

const whole = (number) => number.toLocaleString("en");
const short = (number) => number >= 1e6 ? `${(number / 1e6).toFixed(1)}M`
  : number >= 1e4 ? `${(number / 1e3).toFixed(1)}k` : whole(number);
const money = (micro) => `$${(micro / 1e6).toFixed(micro < 1e4 ? 6 : micro < 1e8 ? 4 : 2)}`;

/** A duration, with a no-break space, so that no figure loses its unit at the end of a line. */
function span(us) {
  const [figure, unit] = us < 1e3 ? [us, "µs"] : us < 1e6 ? [us / 1e3, "ms"] : [us / 1e6, "s"];
  return `${us < 1e3 || figure >= 100 ? Math.round(figure) : figure.toFixed(1)}\u00a0${unit}`;
}

const sum = (list, key) => list.reduce((all, one) => all + one[key], 0);
const colour = (status) => status >= 500 || status === 0 ? "bad" : status >= 400 ? "warn" : "good";

function tile(id, text, under) {
  $(id).replaceChildren(text, make("small", "", under));
}

// --- the last minute -----------------------------------------------------------------------------

function makeBar(index, kind) {
  const bar = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  bar.setAttribute("class", kind);
  bar.setAttribute("x", index * 10 + 1);
  bar.setAttribute("width", 8);
  $("chart").append(bar);
  return bar;
}
const bars = Array.from({ length: 60 }, (_, index) => ["ok", "failed"].map((kind) => makeBar(index, kind)));

function drawMinute(live) {
  const seconds = live.seconds, last = seconds.slice(-5);
  const ended = sum(seconds, "ended"), failed = sum(seconds, "failed");
  const rate = last.length ? sum(last, "ended") / last.length : 0;
  tile("rate", rate >= 100 ? whole(Math.round(rate)) : rate.toFixed(1), `${whole(live.ledger.requests)} in all`);
  tile("flight", whole(live.in_flight), "requests now");
  tile("failed", ended ? `${(100 * failed / ended).toFixed(1)} %` : "–", `${whole(failed)} of ${whole(ended)} in a minute`);
  const took = (id, found) => tile(id, found ? span(found.p50_us) : "–",
    found ? `median; p95 ${span(found.p95_us)}, p99 ${span(found.p99_us)}` : "none in a minute");
  took("latency", live.latency);
  took("first", live.first_token);
  for (const way of ["in", "out"]) {
    const key = `tokens_${way}`;
    tile(`tokens-${way}`, short(live.ledger[key]), `${short(sum(seconds, key))} in a minute`);
  }
  tile("cost", money(live.ledger.cost_microusd), `${money(sum(seconds, "cost_microusd"))} in a minute`);
  const peak = Math.max(1, ...seconds.map((second) => second.ended));
  bars.forEach(([ok, bad], index) => {
    const second = seconds[index - 60 + seconds.length] || { ended: 0, failed: 0 };
    const height = 100 * second.ended / peak, failing = 100 * second.failed / peak;
    ok.setAttribute("y", 100 - height);
    ok.setAttribute("height", Math.max(0, height - failing));
    bad.setAttribute("y", 100 - failing);
    bad.setAttribute("height", failing);
  });
  $("peak").textContent = ended ? `highest: ${whole(peak)} in a second` : "";
  $("statuses").replaceChildren(...Object.entries(live.statuses).map(([status, count]) =>
    make("li", "", make("b", colour(Number(status)), status === "0" ? "no answer" : status), ` ${whole(count)}`)));
  $("held").textContent = live.bodies.requests
    ? `bodies of ${live.bodies.requests}, ${Math.ceil(live.bodies.bytes / 1024)} KB` : "";
}

// --- the latest requests -------------------------------------------------------------------------

const rows = new Map();
let paused = false, opened = null;

function drawRequests(live) {
  $("none").hidden = live.latest.length > 0;
  // What somebody reads stays where it is.
  if (paused || opened) return;
  const wanted = new Set(live.latest.map((row) => row.number));
  for (const [number, row] of rows) {
    if (wanted.has(number)) continue;
    if (row.line.contains(document.activeElement)) continue;
    row.line.remove();
    rows.delete(number);
  }
  let next = $("requests").firstChild;
  for (const request of live.latest) {
    let row = rows.get(request.number);
    if (!row) {
      row = newRow(request);
      rows.set(request.number, row);
      $("requests").insertBefore(row.line, next);
    }
    fill(row, request, live.epoch_ms);
    next = row.line.nextSibling;
  }
}

function newRow(request) {
  const open = make("button", "link", "");
  open.type = "button";
  open.setAttribute("aria-expanded", "false");
  const cell = (kind) => make("td", kind);
  const cells = { what: cell("what"), who: cell("who"), status: cell("status"),
    tokens: cell("tokens number"), cost: cell("cost number"), took: cell("took number") };
  const line = make("tr", "", make("td", "when", open), ...Object.values(cells));
  open.addEventListener("click", () => toggle(request.number));
  return { line, open, cells, shown: "" };
}

function fill(row, request, epochMs) {
  const shown = `${request.status} ${request.took_us} ${request.client_left}`;
  if (row.shown === shown) return;
  row.shown = shown;
  const at = new Date(epochMs + request.at_us / 1000);
  row.open.textContent = at.toLocaleTimeString("en-GB") + "." + String(at.getMilliseconds()).padStart(3, "0");
  row.open.setAttribute("aria-label", `Request ${request.number} at ${row.open.textContent}`);
  row.cells.what.textContent = request.model ? plain(request.model) : plain(`${request.method} ${request.path}`);
  if (request.model && request.path !== "/v1/messages") row.cells.what.append(make("div", "soft", plain(request.path)));
  row.cells.who.textContent = request.job ? `job ${plain(request.job)}` : request.key ? `key ${request.key.slice(0, 6)}` : "no key";
  const status = [make("b", colour(request.status), request.took_us === null && !request.status ? "…" : request.status || "none")];
  const notes = [request.fault && `fault ${request.fault}`, request.cut && "cut", request.client_left && "client left"];
  const note = notes.filter(Boolean).join(", ");
  if (note) status.push(make("span", "soft", ` ${plain(note)}`));
  row.cells.status.replaceChildren(...status);
  row.cells.tokens.textContent = `${whole(request.tokens_in)} in, ${whole(request.tokens_out)} out`;
  row.cells.cost.textContent = request.cost_microusd ? money(request.cost_microusd) : "–";
  row.cells.took.textContent = request.took_us === null ? "…" : span(request.took_us);
}

async function toggle(number) {
  const before = opened;
  if (before) close();
  if (before && before.number === number) return;
  const row = rows.get(number);
  const cell = make("td", "detail", "…");
  cell.colSpan = 7;
  const line = make("tr", "", cell);
  opened = { number, line };
  row.open.setAttribute("aria-expanded", "true");
  row.line.after(line);
  try {
    const found = await ask(`journal/${number}`);
    cell.replaceChildren(...detail(found));
  } catch (error) {
    cell.textContent = lines(error.message);
  }
}

function close() {
  opened.line.remove();
  rows.get(opened.number)?.open.setAttribute("aria-expanded", "false");
  opened = null;
}

function detail({ record, bodies }) {
  const { entry, visit } = record;
  const facts = [`number ${record.number}`, entry.request_id, visit.user_agent, visit.attempt > 0 && `attempt ${visit.attempt + 1}`,
    entry.error, visit.retry_after_ms !== null && `asked to wait ${visit.retry_after_ms} ms`, `connection ${visit.connection}`];
  const parts = [make("div", "soft", plain(facts.filter(Boolean).join(" · ")))];
  if (bodies.why) return [...parts, make("p", "soft", bodies.why)];
  for (const [name, message] of [["Request", bodies.request], ["Answer", bodies.answer]]) {
    const cut = message.cut_after ? `, only the first ${message.cut_after / 1024} KB are kept` : "";
    parts.push(make("h3", "", `${name}: ${whole(message.bytes)} bytes${cut}`));
    const headers = message.headers.map(([key, value]) => `${plain(key)}: ${plain(value)}`).join("\n");
    const more = make("details", "", make("summary", "", `${message.headers.length} headers`), make("pre", "", headers));
    parts.push(more, make("pre", "", message.body === null ? "(no text)" : lines(pretty(message))));
  }
  return parts;
}

/** JSON that is whole is shown with its structure. */
function pretty(message) {
  if (message.cut_after || !/^\s*[[{]/.test(message.body)) return message.body;
  try { return JSON.stringify(JSON.parse(message.body), null, 2); } catch { return message.body; }
}

// --- the verdict ---------------------------------------------------------------------------------

let judged = { requests: -1, next: 0 };

async function judge(live) {
  const now = performance.now();
  if (now < judged.next || live.ledger.requests === judged.requests) return;
  judged = { requests: live.ledger.requests, next: Infinity };
  const text = await ask("verdict?format=text");
  // Judging looks at every request in the journal, so it may take a small part of the time only.
  judged.next = performance.now() + Math.max(3000, 40 * (performance.now() - now));
  const [headline, ...rest] = text.trimEnd().split("\n");
  const kind = headline.startsWith("nothing wrong") ? "good" : headline.startsWith("unproved") ? "soft" : "bad";
  const parts = [make("p", kind, make("b", "", plain(headline)))];
  for (const line of rest) {
    const finding = /^(error|warning): (.*)$/.exec(line);
    if (finding) parts.push(make("p", `finding ${finding[1] === "error" ? "bad" : "warn"}`, make("b", "", plain(line))));
    else if (line.startsWith("  ")) parts.at(-1).append(make("span", "", plain(line.trim())));
    else parts.push(make("p", "soft", plain(line)));
  }
  $("verdict").replaceChildren(...parts);
}

// --- faults, limits, presets ---------------------------------------------------------------------

let shippedFaults = [], presets = [], changes = -1;

async function loadShipped() {
  shippedFaults = await ask("faults/shipped");
  const groups = new Map();
  shippedFaults.forEach(({ from, name, fault }, index) => {
    if (!groups.has(from)) groups.set(from, make("optgroup", ""));
    groups.get(from).label = from === "examples" ? "One of every kind" : `Of the preset ${from}`;
    groups.get(from).append(new Option(plain(name === fault.kind ? `${name} ${summary(fault)}` : name), index));
  });
  $("shipped").append(...groups.values());
}

/** What a fault does, without its name and its kind. */
const summary = ({ name, kind, ...rest }) => JSON.stringify(rest).slice(1, -1).replaceAll('"', "");

function writeFault() {
  const chosen = shippedFaults[$("shipped").value];
  if (!chosen) return;
  const whens = { half: { share: 0.5 }, tenth: { share: 0.1 }, first: { first_attempts: 1 } };
  const { when, ...fault } = chosen.fault;
  const hits = $("hits").value === "written" ? when : whens[$("hits").value];
  $("fault").value = JSON.stringify(hits ? { ...fault, when: hits } : fault, null, 1);
}

async function drawSwitches(live) {
  if (live.changes === changes) return;
  const [found, limits, shipped] = await Promise.all([ask("faults"), ask("limits"), ask("presets")]);
  changes = live.changes;
  $("faults").replaceChildren(...found.faults.map((fault, index) => {
    const name = found.names[index];
    const remove = make("button", "", "Remove");
    remove.type = "button";
    remove.setAttribute("aria-label", `Remove fault ${plain(name)}`);
    const query = new URLSearchParams({ number: index + 1, name });
    remove.addEventListener("click", () => act(`Removed the fault ${plain(name)}.`, () => ask(`faults?${query}`, "DELETE")));
    return make("li", "", make("div", "", make("b", "", plain(name)), make("code", "", plain(summary(fault)))), remove);
  }));
  if (!found.faults.length) $("faults").append(make("li", "soft", "None: every request is answered as it should be."));
  $("clear").disabled = !found.faults.length;
  $("proxied").hidden = !live.is_proxy;
  for (const own of document.querySelectorAll(".own")) own.hidden = live.is_proxy;
  drawLimits(limits);
  presets = shipped;
  const chosen = $("preset").value;
  $("preset").replaceChildren(...presets.map(({ name, is_in_force }) =>
    new Option(is_in_force ? `${name} (in force)` : name, name, false, chosen ? name === chosen : is_in_force)));
  $("about").textContent = presets.find(({ name }) => name === $("preset").value)?.about || "";
}

function drawLimits({ limits, tiers }) {
  const tier = $("tier");
  if (tier.options.length === 1) tier.append(...tiers.map((name) => new Option(name)));
  const off = !limits || limits.enabled === false;
  $("limits-now").textContent = off ? "none in force" : "in force";
  $("unlimited").disabled = off;
  if ($("limits-form").contains(document.activeElement) && document.activeElement.matches("input, select")) return;
  tier.value = off ? "" : limits.tier || "";
  for (const input of $("limits-form").querySelectorAll("input")) input.value = off ? "" : limits[input.name] || "";
}

$("shipped").addEventListener("change", writeFault);
$("hits").addEventListener("change", writeFault);
$("preset").addEventListener("change", () => {
  $("about").textContent = presets.find(({ name }) => name === $("preset").value)?.about || "";
});
$("fault-form").addEventListener("submit", (event) => {
  event.preventDefault();
  act("Added. It acts from the next request on.", () => ask("faults", "POST", $("fault").value));
});
$("clear").addEventListener("click", () => act("Removed all faults.", () => ask("faults", "DELETE")));
$("limits-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const wanted = { enabled: null, tier: $("tier").value || null };
  for (const input of event.target.querySelectorAll("input")) wanted[input.name] = input.value ? Number(input.value) : null;
  act("Set the limits. They are whole again.", () => ask("limits", "PATCH", JSON.stringify(wanted)));
});
$("unlimited").addEventListener("click", () => act("There are no limits any more.", () => ask("limits", "PUT", "null")));
$("preset-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const name = $("preset").value;
  act(`The preset ${name} is in force.`, () => ask("presets", "POST", JSON.stringify({ name })));
});
$("reset").addEventListener("click", () => act("Forgotten. Faults and limits stay.", async () => {
  await ask("reset", "POST");
  if (opened) close();
  rows.clear();
  $("requests").replaceChildren();
  judged = { requests: -1, next: 0 };
}));
$("pause").addEventListener("click", () => {
  paused = !paused;
  $("pause").setAttribute("aria-pressed", paused);
  $("pause").textContent = paused ? "Go on" : "Pause the list";
});
$("ask-form").addEventListener("submit", (event) => {
  event.preventDefault();
  sessionStorage.setItem("token", $("token").value.trim());
  start();
});

// --- the loop ------------------------------------------------------------------------------------

let timer = 0, busy = null;

/** One look at the mock; a second one at the same time waits for the first. */
function poll() {
  busy ??= look().finally(() => { busy = null; });
  return busy;
}

async function look() {
  clearTimeout(timer);
  try {
    const live = await ask(`live?latest=${ROWS}&bodies=${$("keep").checked}`);
    $("ask").hidden = true;
    $("main").hidden = false;
    drawMinute(live);
    drawRequests(live);
    await drawSwitches(live);
    judge(live).catch((error) => say(error.message, "bad"));
    $("state").textContent = "live";
    $("state").className = "badge good";
  } catch (error) {
    $("state").textContent = error instanceof TypeError ? "no connection" : error.message;
    $("state").className = "badge bad";
  }
  const waits = !$("ask").hidden;
  if (!waits) timer = setTimeout(poll, document.hidden ? 30000 : 500);
}

async function start() {
  await poll();
  if ($("ask").hidden && !shippedFaults.length) await loadShipped().catch((error) => say(error.message, "bad"));
}
window.addEventListener("hashchange", () => { takeToken(); start(); });
document.addEventListener("visibilitychange", () => { if (!document.hidden) poll(); });
start();
