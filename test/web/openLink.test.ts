import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { linkTo } from '../../src/web/raft/permalink.js';
import { cook } from '../../src/web/raft/recipes.js';

const root = join(import.meta.dirname, '..', '..');

/** The output and exit code of `surfstore sim --open`. */
async function open(...args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const line = ['--import', 'tsx', join(root, 'src', 'cli', 'main.ts'), 'sim', '--open', ...args];
  try {
    return { code: 0, ...(await promisify(execFile)(process.execPath, line, { cwd: root })) };
  } catch (error) {
    return error as { code: number; stdout: string; stderr: string };
  }
}

describe('a link that is opened on the command line', function () {
  this.timeout(30_000);

  it('leads to the same state, and says which property is broken', async () => {
    const { world, setup, actions } = cook('forgets-sessions', true);
    const link = await linkTo({ ...setup, actions, position: world.position });
    const { code, stdout } = await open(`file:///raft.html${link}`);
    expect(stdout).to.contain(`position ${world.position}`).and.to.contain(`state ${world.hash}`);
    expect(stdout).to.contain('BROKEN Linearizable').and.to.contain('holds  Log Matching');
    expect(code).to.equal(1);
  });

  it('is refused in one line when it is damaged', async () => {
    const { code, stderr } = await open('#v1.nonsense');
    expect(code).to.equal(2);
    expect(stderr.trim().split('\n')).to.deep.equal([
      'surfstore: this link is damaged: a part of it may be missing',
    ]);
  });
});
