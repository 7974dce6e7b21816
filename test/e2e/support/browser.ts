import type { Context } from 'mocha';
import { existsSync } from 'node:fs';
import { chromium, type Browser, type Page } from 'playwright-core';

/** The Chromium of the system. */
const EXECUTABLE = process.env['CHROMIUM'] ?? '/usr/bin/chromium';

let browser: Browser | undefined;

/** Skips the tests where there is no browser, and says so. */
export function requireBrowser(tests: Context): void {
  if (existsSync(EXECUTABLE)) return;
  console.log(`      skipped: there is no ${EXECUTABLE}; CHROMIUM may name another one`);
  tests.skip();
}

/** A page of a browser that {@link closeBrowser} ends. */
export async function openPage(): Promise<Page> {
  browser ??= await chromium.launch({
    executablePath: EXECUTABLE,
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update'],
  });
  return browser.newPage({ viewport: { width: 1360, height: 900 } });
}

export async function closeBrowser(): Promise<void> {
  await browser?.close();
  browser = undefined;
}
