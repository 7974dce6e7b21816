// Frames of the page that runs Raft, measured by Chromium's own tracing: node scripts/frames.mjs [SECONDS], after npm run build.
// Prints, for five servers at normal speed and for ten at ten times that, the time between frames and the time of the page's script
// in each.
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const SECONDS = Number(process.argv[2] ?? 10);
const WARM_UP_MS = 2_000;
const page = new URL('../dist/web/raft.html', import.meta.url);

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update'],
});
try {
  console.log(`Chromium ${browser.version()}, ${SECONDS} s each, ${fileURLToPath(page)}`);
  for (const [servers, speed] of [
    [5, 1],
    [10, 10],
  ])
    console.log(await measure(servers, speed));
} finally {
  await browser.close();
}

async function measure(servers, speed) {
  const tab = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  await tab.goto(page.href);
  await tab.getByRole('combobox', { name: /^Servers/ }).selectOption(String(servers));
  await tab.getByRole('combobox', { name: /^Speed/ }).selectOption(String(speed));
  await tab.getByRole('button', { name: '▶ Play' }).click();
  await tab.waitForTimeout(WARM_UP_MS);
  await browser.startTracing(tab, {
    categories: ['devtools.timeline', 'disabled-by-default-devtools.timeline.frame'],
  });
  await tab.waitForTimeout(SECONDS * 1000);
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString());
  await tab.close();
  const drawn = traceEvents
    .filter(({ name }) => name === 'DrawFrame')
    .map(({ ts }) => ts / 1000)
    .sort((a, b) => a - b);
  const between = drawn.slice(1).map((at, place) => at - drawn[place]);
  const scripts = traceEvents
    .filter(({ name }) => name === 'FireAnimationFrame')
    .map(({ dur = 0 }) => dur / 1000);
  const text = (values, part) => `${quantile(values, part).toFixed(1)} ms`;
  return (
    `${servers} servers, ${speed}x: ${drawn.length} frames; between two of them ${text(between, 0.5)} (median), ` +
    `${text(between, 0.95)} (95 %); script ${text(scripts, 0.5)} (median), ${text(scripts, 0.95)} (95 %)`
  );
}

function quantile(values, part) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? NaN;
}
