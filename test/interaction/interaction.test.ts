import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { runBlock } from './commands.js';
import { formatScript, parseScript, type Block } from './script.js';
import { World } from './world.js';

const directory = new URL('.', import.meta.url);
const scripts = readdirSync(directory).filter((name) => name.endsWith('.txt'));
const isUpdating = process.env['UPDATE_SCRIPTS'] === '1';

/** The script with the text that its commands print now. */
async function play(blocks: readonly Block[]): Promise<Block[]> {
  const world = new World();
  const played: Block[] = [];
  for (const block of blocks) {
    try {
      played.push({ ...block, expected: await runBlock(world, block.commands) });
    } catch (error) {
      throw new Error(`at \`${block.commands.join('; ')}\`: ${String(error)}`, { cause: error });
    }
  }
  return played;
}

/** `t12` and the bug it guards against stand in a script's first line, after `# `. */
function titleOf(name: string, text: string): string {
  return `${name}: ${text.split('\n', 1)[0]?.replace(/^# /, '') ?? ''}`;
}

describe('scripts of interaction', () => {
  for (const name of scripts) {
    const path = fileURLToPath(new URL(name, directory));
    const text = readFileSync(path, 'utf8');
    it(titleOf(name, text), async () => {
      const played = formatScript(await play(parseScript(text)));
      if (isUpdating) writeFileSync(path, played);
      else expect(played).to.equal(text);
    });
  }

  it('has scripts to run', () => expect(scripts).to.have.length.of.at.least(25));

  it('refuses a script whose commands have no expected text', () => {
    expect(() => parseScript('cluster n=3\n\nelect 0\n----\nok')).to.throw('commands without ----');
  });
});
