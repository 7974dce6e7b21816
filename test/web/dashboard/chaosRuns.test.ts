import { expect } from 'chai';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ChaosRuns } from '../../../src/dashboard/chaosRuns.js';
import { until } from '../../e2e/support/waiting.js';

describe('dashboard: runs of the chaos monkey', () => {
  const folder = mkdtempSync(join(tmpdir(), 'surfstore-stand-in-'));
  const monkey = fileURLToPath(new URL('standInMonkey.mjs', import.meta.url));
  let runs: ChaosRuns;
  let changes: number;

  after(() => rmSync(folder, { recursive: true }));
  beforeEach(() => {
    changes = 0;
    runs = new ChaosRuns({
      monkey,
      servers: [
        { id: 0, host: 'localhost', port: 9001 },
        { id: 1, host: '::1', port: 9002 },
      ],
      changed: () => (changes += 1),
    });
  });
  afterEach(() => runs.close());

  const ended = (): Promise<unknown> => until('the run has ended', () => runs.sample?.state === 'ended');

  it('lists the scenarios that need no processes of their own', async () => {
    expect((await runs.scenarios()).map(({ name, shows }) => [name, shows])).to.deep.equal([
      ['random', 'One misfortune after the other.'],
      ['one-way', 'Links that fail.'],
    ]);
  });

  it('runs one on these servers, and tells what came of it', async () => {
    expect(runs.sample).to.equal(null);
    runs.start('one-way', 1);
    expect(runs.sample).to.include({ scenario: 'one-way', seconds: 1, state: 'running', outcome: null });
    expect(await runs.report()).to.equal(undefined);
    await ended();
    expect(runs.sample).to.include({
      outcome: 'passed',
      line: '3 s, all up',
      summary: 'M: 2\nmetadata0: localhost:9001\nmetadata1: [::1]:9002\none-way: all is well',
    });
    expect(String(await runs.report())).to.equal('<p>all is well</p><script>1</script>');
    expect(changes).to.be.above(1);
  });

  it('runs one at a time, until it has ended or is called back', async () => {
    runs.start('one-way', 100);
    runs.start('random', 1);
    await until('it has begun', () => runs.sample?.line === '3 s, all up');
    expect(runs.sample?.scenario).to.equal('one-way');
    runs.stop();
    expect(runs.sample?.state).to.equal('stopping');
    await ended();
    expect([runs.sample?.outcome, runs.isRunning]).to.deep.equal(['failed', false]);
  });

  it('says that a run did not take place', async () => {
    writeFileSync(join(folder, 'broken.mjs'), 'console.error("chaos: no servers"); process.exit(2);');
    const broken = new ChaosRuns({
      monkey: join(folder, 'broken.mjs'),
      servers: [],
      changed: () => undefined,
    });
    broken.start('random', 1);
    await until('the run has ended', () => broken.sample?.state === 'ended');
    expect(broken.sample).to.include({ outcome: 'not run', line: 'no servers' });
    broken.close();
    expect(broken.sample).to.equal(null);
  });
});
