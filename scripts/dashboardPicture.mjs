// The picture in docs/dashboard.md: node scripts/dashboardPicture.mjs [OUT.png] [--dark] [--width N], after npm run build.
// Starts five servers, writes to them, crashes the leader by the button, and takes a picture of what the page then shows.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import { SurfStoreClient } from '../dist/src/client/index.js';

const root = new URL('../', import.meta.url);
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { dark: { type: 'boolean', default: false }, width: { type: 'string', default: '1360' } },
});
const [picture = fileURLToPath(new URL('docs/images/dashboard.png', root))] = positionals;

const ports = await Promise.all(Array.from({ length: 5 }, freePort));
const folder = mkdtempSync(join(tmpdir(), 'surfstore-picture-'));
const config = join(folder, 'cluster.txt');
writeFileSync(config, `M: 5\n${ports.map((port, id) => `metadata${id}: localhost:${port}\n`).join('')}`);
const program = fileURLToPath(new URL('dist/src/cli/main.js', root));
const cluster = spawn(process.execPath, [program, 'cluster', config, '--data-dir', join(folder, 'data')], {
  stdio: ['ignore', 'ignore', 'inherit'],
});
const client = new SurfStoreClient({ servers: ports.map((port, id) => ({ id, host: 'localhost', port })) });
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update'],
});
let isWriting = true;
try {
  await until(() =>
    client.findLeader().then(
      () => true,
      () => false,
    ),
  );
  const writers = Promise.all([0, 1, 2].map(write));
  const tab = await browser.newPage({
    colorScheme: values.dark ? 'dark' : 'light',
    viewport: { width: Number(values.width), height: 900 },
  });
  await tab.goto(`http://localhost:${ports[1]}/ui/`);
  const verdict = tab.locator('#verdict');
  await verdict.filter({ hasText: 'healthy' }).waitFor();
  await sleep(45_000);
  await tab.getByRole('button', { name: 'Crash the leader' }).click();
  await verdict.filter({ hasText: 'degraded' }).waitFor();
  await sleep(30_000);
  await tab.locator('.names').scrollIntoViewIfNeeded();
  await sleep(4_000);
  await tab.screenshot({ path: picture, fullPage: true });
  isWriting = false;
  await writers;
} finally {
  isWriting = false;
  client.close();
  await browser.close();
  cluster.kill('SIGTERM');
  await new Promise((resolve) => cluster.once('close', resolve));
  rmSync(folder, { recursive: true });
}

/** Updates files of its own, one after another. */
async function write(writer) {
  for (let number = 0; isWriting; number += 1) {
    const name = `photos/${['paris', 'lisbon', 'oslo'][writer]}/${String(number % 40).padStart(4, '0')}.jpg`;
    await client
      .updateFile(name, Math.floor(number / 40) + 1, ['a1', 'b2', 'c3'].slice(number % 3))
      .catch(() => undefined);
    await sleep(15 + 10 * Math.sin(number / 90));
  }
}

async function until(isSo) {
  while (!(await isSo())) await sleep(100);
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
