// Draws docs/images/leader-lost.svg, the picture in the README: five real servers lose their leader twice, once by its
// crash hook and once because it falls silent, while one client writes and every server's status is noted.
//
//   npm run build && node scripts/leaderPicture.mjs [OUT.svg]
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { SurfStoreClient } from 'surfstore';

const SERVERS = 5;
const STATUS_MS = 10;
const LOOK_MS = 150;
const WRITE_MS = 20;
/** Long enough to see that the writes continue, in milliseconds. */
const QUIET_MS = 900;

const out = process.argv[2] ?? join(import.meta.dirname, '..', 'docs', 'images', 'leader-lost.svg');

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** The state of a server as the picture shows it; a stopped process gives no answer in time. */
async function look(client, id) {
  try {
    const { crashed, role, term } = await client.status(id, { deadlineMs: LOOK_MS });
    return { role: crashed ? 'crashed' : role, term };
  } catch {
    return { role: 'silent', term: 0 };
  }
}

/** Runs the story and gives what was seen: samples of every server, writes and events, all in ms since the beginning. */
async function record() {
  const ports = [];
  for (let id = 0; id < SERVERS; id += 1) ports.push(await freePort());
  const folder = mkdtempSync(join(tmpdir(), 'surfstore-picture-'));
  const config = join(folder, 'cluster.txt');
  writeFileSync(
    config,
    [`M: ${SERVERS}`, ...ports.map((p, id) => `metadata${id}: localhost:${p}`)].join('\n'),
  );
  const main = join(import.meta.dirname, '..', 'dist', 'src', 'cli', 'main.js');
  const processes = ports.map((_port, id) =>
    spawn(process.execPath, [main, 'server', config, String(id), '--log-level', 'silent'], {
      stdio: 'ignore',
    }),
  );
  const client = new SurfStoreClient({
    servers: ports.map((port, id) => ({ id, host: 'localhost', port })),
    attemptMs: 100,
    backoff: { minMs: 5, maxMs: 20 },
  });
  const latest = ports.map(() => ({ role: 'silent', term: 0 }));
  let recording = true;
  try {
    await client.updateFile('picture', 1, []);
    const begin = performance.now();
    const now = () => performance.now() - begin;
    const samples = ports.map(() => []);
    const writes = [];
    const events = [];
    const watchers = ports.map(async (_port, id) => {
      while (recording) {
        const state = await look(client, id);
        latest[id] = state;
        samples[id].push({ at: now(), ...state });
        await sleep(STATUS_MS);
      }
    });
    const writer = (async () => {
      for (let version = 2; recording; version += 1) {
        await client.updateFile('picture', version, []);
        writes.push(now());
        await sleep(WRITE_MS);
      }
    })();
    const leader = () => {
      const leaders = latest.flatMap(({ role, term }, id) => (role === 'leader' ? [{ id, term }] : []));
      return leaders.sort((a, b) => b.term - a.term)[0];
    };
    const newLeader = async (term) => {
      while ((leader()?.term ?? 0) <= term) await sleep(STATUS_MS);
    };
    await newLeader(0);

    await sleep(QUIET_MS);
    const crashed = leader();
    events.push({ at: now(), id: crashed.id, kind: 'lost', text: 'crash()' });
    await client.crash(crashed.id);
    await newLeader(crashed.term);
    await sleep(QUIET_MS);
    events.push({ at: now(), id: crashed.id, kind: 'back', text: 'restore()' });
    await client.restore(crashed.id);
    await sleep(QUIET_MS);

    const stopped = leader();
    events.push({ at: now(), id: stopped.id, kind: 'lost', text: 'kill -STOP' });
    processes[stopped.id].kill('SIGSTOP');
    await newLeader(stopped.term);
    await sleep(QUIET_MS);
    events.push({ at: now(), id: stopped.id, kind: 'back', text: 'kill -CONT' });
    processes[stopped.id].kill('SIGCONT');
    await sleep(QUIET_MS);
    const end = now();
    recording = false;
    await Promise.all([...watchers, writer]);
    return { samples, writes, events, end };
  } finally {
    recording = false;
    client.close();
    for (const child of processes) {
      child.kill('SIGCONT');
      child.kill('SIGTERM');
    }
    await Promise.all(processes.map((child) => child.exitCode ?? once(child, 'exit')));
    rmSync(folder, { recursive: true });
  }
}

/** Samples that follow each other and say the same, as spans. A silent server's span begins with the fault. */
function spans(samples, end, stops) {
  const found = [];
  for (const { at, role, term } of samples) {
    const last = found.at(-1);
    if (last !== undefined && last.role === role && (role === 'silent' || last.term === term)) continue;
    const stop = stops.find(({ at: stopAt }) => stopAt <= at && at - stopAt < 400);
    const from = found.length === 0 ? 0 : role === 'silent' && stop !== undefined ? stop.at : at;
    if (last !== undefined) last.to = from;
    found.push({ role, term, from, to: end });
  }
  return found;
}

/** The longest pause between two acknowledged writes that began before the moment and ended after it. */
function gapAt(writes, at) {
  const next = writes.findIndex((write) => write > at);
  const pauses = [next, next + 1].map((index) => ({ from: writes[index - 1], to: writes[index] }));
  return pauses.reduce((a, b) => (b.to - b.from > a.to - a.from ? b : a));
}

const WIDTH = 960;
const LEFT = 92;
const RIGHT = 18;
const TOP = 74;
const LANE = 40;
const TERMS = ['blue', 'amber', 'green', 'plum'];

function draw({ samples, writes, events, end }) {
  const x = (at) => (LEFT + (at / end) * (WIDTH - LEFT - RIGHT)).toFixed(1);
  const lane = (id) => TOP + id * LANE;
  const firstTerm = Math.min(
    ...samples.flat().flatMap(({ role, term }) => (role === 'leader' ? [term] : [])),
  );
  const colour = (term) => TERMS[(term - firstTerm + TERMS.length) % TERMS.length];
  const bottom = TOP + SERVERS * LANE;
  const parts = [];
  const lost = events.filter(({ kind }) => kind === 'lost');

  for (const { at } of lost) {
    const { from, to } = gapAt(writes, at);
    const width = Math.max(2, x(to) - x(from)).toFixed(1);
    parts.push(
      `<rect class="gap" x="${x(from)}" y="${TOP - 6}" width="${width}" height="${bottom - TOP + 44}"/>`,
      `<text class="gap-text" x="${x(to)}" dx="5" y="${bottom + 58}">${Math.round(to - from)} ms without a write</text>`,
    );
  }
  samples.forEach((own, id) => {
    const y = lane(id);
    parts.push(`<text class="name" x="14" y="${y + 20}">server ${id}</text>`);
    for (const { role, term, from, to } of spans(
      own,
      end,
      lost.filter((event) => event.id === id),
    )) {
      const width = Math.max(1.5, x(to) - x(from)).toFixed(1);
      if (role === 'leader') {
        parts.push(
          `<rect class="${colour(term)}" x="${x(from)}" y="${y + 4}" width="${width}" height="24" rx="4"/>`,
        );
        if (width > 110) {
          parts.push(`<text class="on" x="${x(from)}" dx="10" y="${y + 20}">leads term ${term}</text>`);
        }
      } else if (role === 'crashed' || role === 'silent') {
        const word = role === 'crashed' ? 'crashed' : 'stopped';
        parts.push(`<rect class="down" x="${x(from)}" y="${y + 4}" width="${width}" height="24" rx="4"/>`);
        if (width > 70)
          parts.push(`<text class="down-text" x="${x(from)}" dx="10" y="${y + 20}">${word}</text>`);
      } else {
        const kind = role === 'follower' ? colour(term) : 'candidate';
        parts.push(`<rect class="${kind}" x="${x(from)}" y="${y + 14}" width="${width}" height="4"/>`);
      }
    }
  });
  for (const { at, id, text } of events) {
    parts.push(
      `<line class="event" x1="${x(at)}" x2="${x(at)}" y1="46" y2="${lane(id) + 28}"/>`,
      `<text class="event-text" x="${x(at)}" dx="5" y="58">${text}</text>`,
    );
  }
  parts.push(`<text class="name" x="14" y="${bottom + 24}">writes</text>`);
  const ticks = writes.filter((at) => at <= end).map((at) => `M${x(at)} ${bottom + 10}v20`);
  parts.push(`<path class="write" d="${ticks.join('')}"/>`);
  for (let second = 0; second * 1000 <= end; second += 1) {
    parts.push(
      `<text class="axis" x="${x(second * 1000)}" y="${bottom + 82}" text-anchor="middle">${second} s</text>`,
    );
  }
  const height = bottom + 94;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-labelledby="t">
<title id="t">Five servers lose their leader twice. After a crash another server leads at once; after the leader has fallen silent, when an election timeout has passed. The writes continue each time.</title>
<style>
  svg { --ground: #ffffff; --ink: #1a2332; --muted: #5b6675; --gap: #fde8e4; --bad: #b42318; --down: #d5dae1;
    --blue: #1f66b5; --amber: #a15c00; --green: #0b7a5b; --plum: #9b3a78; }
  @media (prefers-color-scheme: dark) { svg { --ground: #0d1117; --ink: #e6edf3; --muted: #9aa6b4; --gap: #43201c; --bad: #ff9b8f;
    --down: #39424e; --blue: #3b82d6; --amber: #b9741a; --green: #1c9272; --plum: #b65493; } }
  text { font: 13px system-ui, 'Segoe UI', Roboto, Arial, 'DejaVu Sans', sans-serif; fill: var(--ink); }
  .title { font-size: 16px; font-weight: 600; } .name { font-weight: 600; } .axis { fill: var(--muted); font-size: 12px; }
  .on { fill: #ffffff; font-weight: 600; } .gap { fill: var(--gap); } .gap-text { fill: var(--bad); font-weight: 600; }
  .down { fill: var(--down); } .down-text { fill: var(--ink); }
  .candidate { fill: var(--bad); } .write { stroke: var(--green); stroke-width: 1.2; fill: none; }
  .event { stroke: var(--ink); stroke-dasharray: 3 3; } .event-text { font-weight: 600; }
  .blue { fill: var(--blue); } .amber { fill: var(--amber); } .green { fill: var(--green); } .plum { fill: var(--plum); }
</style>
<rect width="${WIDTH}" height="${height}" rx="8" style="fill: var(--ground)"/>
<text class="title" x="14" y="26">Five servers lose their leader, twice, while a client writes</text>
<text class="axis" x="${WIDTH - RIGHT}" y="26" text-anchor="end">thick: leads · thin: follows · one colour for each term</text>
${parts.join('\n')}
</svg>
`;
}

const seen = await record();
writeFileSync(out, draw(seen));
console.log(`${out}: ${seen.writes.length} writes in ${(seen.end / 1000).toFixed(1)} s`);
