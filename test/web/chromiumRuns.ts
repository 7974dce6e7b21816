import { build } from 'esbuild';
import fc from 'fast-check';
import { fileURLToPath } from 'node:url';
import { chromium, type Page } from 'playwright-core';
import { EVENTS_MAX, placed, rawActions, setups } from './randomRuns.js';
import { hashesOf, type PlayedRun } from './playedRuns.js';

/** Runs that are handed to the browser at a time. */
const BATCH = 10;

const playedRuns = fc
  .tuple(setups, rawActions, fc.array(fc.nat(EVENTS_MAX), { minLength: 1, maxLength: 3 }))
  .map(([setup, raw, stops]): PlayedRun => ({ setup, actions: placed(raw, setup.servers), stops }));

/** Those that had not the same state everywhere, of so many runs drawn from the seed. */
export async function differingRuns(
  executablePath: string,
  seed: number,
  runs: number,
  progress: (done: number) => void = () => undefined,
): Promise<PlayedRun[]> {
  const drawn = fc.sample(playedRuns, { seed, numRuns: runs });
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  try {
    const page = await browser.newPage();
    await page.addScriptTag({ content: await bundledPlayer() });
    const differing: PlayedRun[] = [];
    for (let first = 0; first < drawn.length; first += BATCH) {
      const batch = drawn.slice(first, first + BATCH);
      const there = await hashesIn(page, batch);
      batch.forEach((run, place) => {
        const here = hashesOf(run);
        const { straight, scrubbed } = there[place] ?? { straight: [], scrubbed: [] };
        const once = here.straight.join();
        const twice = `${once},${once}`;
        const isSame =
          straight.join() === once && [here.scrubbed, scrubbed].every((all) => all.join() === twice);
        if (!isSame) differing.push(run);
      });
      progress(first + batch.length);
    }
    return differing;
  } finally {
    await browser.close();
  }
}

/** The same modules as the page has, bundled as they are for it. */
async function bundledPlayer(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('playedRuns.ts', import.meta.url))],
    write: false,
    bundle: true,
    minify: true,
    format: 'iife',
    globalName: 'player',
    target: 'es2022',
    logLevel: 'error',
  });
  return outputFiles[0]?.text ?? '';
}

function hashesIn(page: Page, batch: readonly PlayedRun[]): Promise<ReturnType<typeof hashesOf>[]> {
  return page.evaluate((runs) => {
    const { player } = globalThis as unknown as { player: { hashesOf: typeof hashesOf } };
    return runs.map((run) => player.hashesOf(run));
  }, batch);
}
