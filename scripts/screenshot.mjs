// A picture of a page, such as the report of a chaos run: node scripts/screenshot.mjs PAGE OUT.png [--dark] [--height N]
// Uses the Chromium of the system, at /usr/bin/chromium or where CHROMIUM says.
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    dark: { type: 'boolean', default: false },
    width: { type: 'string', default: '1280' },
    height: { type: 'string' },
  },
});
const [page, picture] = positionals;
if (page === undefined || picture === undefined) {
  console.error('usage: node scripts/screenshot.mjs PAGE OUT.png [--dark] [--width N] [--height N]');
  process.exit(2);
}

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update'],
});
try {
  const height = values.height === undefined ? undefined : Number(values.height);
  const tab = await browser.newPage({
    colorScheme: values.dark ? 'dark' : 'light',
    viewport: { width: Number(values.width), height: height ?? 900 },
  });
  await tab.goto(pathToFileURL(resolve(page)).href);
  await tab.screenshot({ path: picture, fullPage: height === undefined });
} finally {
  await browser.close();
}
