import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { chromium, type Browser, type Page } from 'playwright-core';
import { History } from '../../src/web/raft/history.js';
import { readLink } from '../../src/web/raft/permalink.js';
import { differingRuns } from './chromiumRuns.js';

const root = join(import.meta.dirname, '..', '..');
const chromiumPath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  existsSync,
);
const axe = readFileSync(join(root, 'node_modules', 'axe-core', 'axe.min.js'), 'utf8');
const GZIPPED_MAX = 150 * 1024;

/** The id of the server that leads in the picture. */
async function leaderOn(page: Page): Promise<string> {
  const leader = page.locator('.server:has(.body.leader)').first();
  return (await leader.getAttribute('data-server')) ?? '';
}

/** The step that is due in the story; empty when it has ended. */
async function dueOn(page: Page): Promise<string> {
  const due = page.locator('.steps .due');
  return (await due.count()) === 0 ? '' : await due.innerText();
}

async function axeProblems(page: Page): Promise<string[]> {
  // The policy of the page lets no script in but its own; the debugger is not asked.
  await page.evaluate(axe);
  return page.evaluate(async () => {
    interface Axe {
      run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }>;
    }
    const { violations } = await (globalThis as unknown as { axe: Axe }).axe.run();
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
  });
}

describe('the page that runs Raft', function () {
  this.timeout(60_000);
  const folder = mkdtempSync(join(tmpdir(), 'raft-page-'));
  const file = join(folder, 'web', 'raft.html');
  const address = pathToFileURL(file).href;
  let browser: Browser | undefined;
  const errors: string[] = [];

  before(async () => {
    execFileSync(process.execPath, [join(root, 'scripts', 'bundle.mjs'), folder]);
    if (chromiumPath === undefined) return;
    browser = await chromium.launch({ executablePath: chromiumPath, args: ['--no-sandbox'] });
  });

  after(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true });
  });

  async function open(): Promise<Page | undefined> {
    if (browser === undefined) {
      console.log('      skipped: there is no Chromium on this machine');
      return undefined;
    }
    const page = await browser.newPage({
      viewport: { width: 1280, height: 900 },
      colorScheme: 'light',
    });
    page.on('pageerror', (error) => errors.push(error.message));
    page.on('request', (request) => {
      if (!/^(?:file|data|blob):/.test(request.url())) errors.push(`asks for ${request.url()}`);
    });
    await page.goto(address);
    return page;
  }

  it('is one small file that needs no other', () => {
    const html = readFileSync(file);
    expect(gzipSync(html).length).to.be.below(GZIPPED_MAX);
    expect(html.toString()).not.to.match(/<(?:script|link|img)[^>]*(?:src|href)="(?!data:)/);
  });

  it('plays exercise 2 by mouse, and hands out the figure that is asked for', async () => {
    const page = await open();
    if (page === undefined) return;
    const press = (name: string): Promise<void> => page.getByRole('button', { name, exact: true }).click();
    await page.getByLabel('Story').selectOption({ label: '2 · The leader stops' });
    await press('It is committed later');
    await press('Next election');
    await page.locator(`.server[data-server="${await leaderOn(page)}"]`).click();
    await press('Request');
    await page.getByLabel('Speed').selectOption('1');
    await press('▶ Play');
    await page.locator('.due', { hasText: 'Pause, and send' }).waitFor();
    await press('❚❚ Pause');
    await press('Request');
    const saving = page.waitForEvent('download');
    await press('Save task1_q2_1.PNG');
    const download = await saving;
    expect(download.suggestedFilename()).to.equal('task1_q2_1.PNG');
    const png = readFileSync(await download.path());
    expect(png.subarray(1, 4).toString()).to.equal('PNG');
    await press('Stop');
    expect(await dueOn(page)).to.contain('new leader');
    await page.close();
    expect(errors).to.deep.equal([]);
  });

  it('plays exercise 3 by keyboard alone, the figures but saved', async () => {
    const page = await open();
    if (page === undefined) return;
    const keys = async (...names: readonly string[]): Promise<void> => {
      for (const name of names) await page.keyboard.press(name);
    };
    await page.getByLabel('Story').focus();
    await keys('3', 'Tab');
    // The question comes first on the way to the answers.
    await page.locator('.story button').nth(1).focus();
    await keys('Enter');
    await keys('e');
    const leader = Number(await leaderOn(page));
    const down = [0, 1, 2].map((step) => String((leader + step) % 5));
    for (const server of down) await keys(server, 's');
    expect(await dueOn(page)).to.contain('three or more');
    await page.getByLabel('Speed').focus();
    await keys('2');
    await page.locator('h1').click();
    await keys('Space');
    await page.getByRole('button', { name: 'Save task1_q3_1.PNG' }).waitFor({ timeout: 30_000 });
    await keys('Space');
    const saving = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Save task1_q3_1.PNG' }).focus();
    await keys('Enter');
    expect((await saving).suggestedFilename()).to.equal('task1_q3_1.PNG');
    await page.locator('.due', { hasText: 'Resume' }).waitFor();
    for (const server of down) await keys(server, 's');
    await page.locator('h1').click();
    await keys('Space');
    await page.getByRole('button', { name: 'Save task1_q3_2.PNG' }).waitFor({ timeout: 30_000 });
    await page.close();
    expect(errors).to.deep.equal([]);
  });

  it('opens the moment of a link, and says so when a link is damaged', async () => {
    const page = await open();
    if (page === undefined) return;
    await page.keyboard.press('e');
    for (const key of ['2', 'r', 's', 'ArrowRight', 'ArrowRight', 'ArrowLeft'])
      await page.keyboard.press(key);
    const state = await page.locator('.clock').getAttribute('title');
    await page.getByRole('button', { name: 'Link to this moment' }).click();
    await page.waitForURL(/#v1\./);
    const link = page.url();
    await page.goto('about:blank');
    await page.goto(link);
    await page.locator(`.clock[title="${state}"]`).waitFor();
    const { position, actions, ...setup } = await readLink(new URL(link).hash);
    const here = new History(setup, actions);
    here.seek(position);
    expect(state, 'the same state in Chromium and in Node.js').to.equal(`state ${here.world.hash}`);
    await page.goto('about:blank');
    await page.goto(link.slice(0, -6));
    await page.locator('.notice', { hasText: 'damaged' }).waitFor();
    await page.close();
  });

  it('drops a message by keyboard, and holds one by touch', async () => {
    if (browser === undefined) return;
    const context = await browser.newContext({ viewport: { width: 390, height: 844 }, hasTouch: true });
    const page = await context.newPage();
    await page.goto(address);
    for (const key of ['e', 'm']) await page.keyboard.press(key);
    const chosen = await page.locator('.flight.selected').getAttribute('data-message');
    await page.keyboard.press('d');
    expect(await page.locator(`.flight[data-message="${chosen}"]`).count()).to.equal(0);
    const flight = page.locator('.flight').last();
    await flight.locator('.flight-grip').tap({ force: true });
    await page.getByRole('button', { name: 'Hold', exact: true }).tap();
    await page.locator('.flight.held').waitFor();
    expect(await page.evaluate('document.documentElement.scrollWidth')).to.be.at.most(390);
    await context.close();
  });

  it('turns a light red when a bug is shown, and keeps it green without the bug', async () => {
    const page = await open();
    if (page === undefined) return;
    await page.getByLabel('Break it').selectOption('reads-alone');
    await page.getByRole('button', { name: 'Show me', exact: true }).click();
    await page.locator('.light.broken', { hasText: 'Linearizable' }).waitFor();
    expect(await axeProblems(page)).to.deep.equal([]);
    await page.getByRole('button', { name: 'The same without the bug' }).click();
    await page.locator('.light.broken').waitFor({ state: 'detached' });
    expect(await page.locator('.told-list .call').first().innerText()).to.contain('waits');
    await page.close();
    expect(errors).to.deep.equal([]);
  });

  it('shows a story to its end, and asks whether it was understood', async () => {
    const page = await open();
    if (page === undefined) return;
    await page.getByLabel('Story').selectOption('read');
    await page.getByRole('button', { name: 'The old value' }).click();
    for (let step = 0; step < 3; step += 1)
      await page.getByRole('button', { name: 'Show me this step' }).click();
    const saving = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Save deposed_read.png' }).click();
    expect((await saving).suggestedFilename()).to.equal('deposed_read.png');
    for (let step = 0; step < 2; step += 1)
      await page.getByRole('button', { name: 'Show me this step' }).click();
    await page.getByRole('button', { name: 'It cannot know' }).click();
    await page.locator('.check', { hasText: 'Right.' }).waitFor();
    await page.close();
    expect(errors).to.deep.equal([]);
  });

  it('goes back to another future by a click', async () => {
    const page = await open();
    if (page === undefined) return;
    for (const key of ['e', 'ArrowLeft', 'ArrowLeft', '0', 's', 'e']) await page.keyboard.press(key);
    expect(await page.locator('.future').count()).to.equal(2);
    await page.locator('.future').first().click();
    expect(await page.locator('.body.down').count()).to.equal(0);
    await page.close();
  });

  it('comes to the same states in Chromium and in Node.js, forwards and scrubbed', async function () {
    if (chromiumPath === undefined) return this.skip();
    const seed = Math.floor(Math.random() * 2 ** 31);
    console.log(`      seed ${seed}`);
    expect(await differingRuns(chromiumPath, seed, 20)).to.deep.equal([]);
  });

  it('keeps nobody out, says axe, be it light or dark', async () => {
    const page = await open();
    if (page === undefined) return;
    for (const key of ['e', '0', 'r']) await page.keyboard.press(key);
    expect(await axeProblems(page)).to.deep.equal([]);
    await page.emulateMedia({ colorScheme: 'dark' });
    await page.getByLabel('Story').selectOption({ label: '3 · Two of five' });
    expect(await axeProblems(page)).to.deep.equal([]);
    await page.close();
  });
});
