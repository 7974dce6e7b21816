import { expect } from 'chai';
import { SurfStoreClient } from '../../src/client/index.js';
import { Program, killPrograms } from '../e2e/support/program.js';
import { until } from '../e2e/support/waiting.js';
import { blocksOf, readPages, type Block } from './markdown.js';
import { Workplace } from './session.js';

// Runs the command blocks of the documents: sh, console, python and ts. The blocks of a page follow each other in one
// shell, on ports that are free. The README starts its servers itself; all other pages share one cluster, in which
// server 1 leads when a page begins.
//
// What a page shows is compared: the lines below a command in a console block, and what follows `# ->` (`// ->` in
// TypeScript) on a line of the other languages. `...` stands for anything. A block after `<!-- not run: REASON -->` is
// left out.

const LANGUAGES = ['sh', 'console', 'python', 'ts'];
/** The store has no files yet when it begins: those of other pages name blocks that nobody has. */
const FIRST = 'docs/sync.md';
/** Ends with servers that cannot be trusted any more, so it comes last. */
const LAST = 'docs/answers.md';
const turnOf = (path: string): number => (path === FIRST ? 0 : path === LAST ? 2 : 1);
const PAGE_MS = 120_000;
/** Longer than usual: on a busy machine nobody is to campaign unasked, since the pages say who leads. */
const QUIET = ['--election-min-ms', '1000', '--election-max-ms', '2000', '--log-level', 'silent'];

describe('documents: their commands', function () {
  this.timeout(PAGE_MS + 10_000);

  const commands = new Map<string, Block[]>();
  const pages = readPages();
  for (const page of pages.toSorted((one, other) => turnOf(one.path) - turnOf(other.path))) {
    const run = blocksOf(page).filter(
      ({ language, notRun }) => LANGUAGES.includes(language) && notRun === undefined,
    );
    if (run.length > 0) commands.set(page.path, run);
  }

  let shared: Workplace;
  let client: SurfStoreClient;

  before(async () => {
    shared = await Workplace.make();
    // The first start after a change of the sources builds them.
    client = new SurfStoreClient({ servers: shared.servers, deadlineMs: PAGE_MS });
    const servers = ['./run-server.sh', 'myconfig.txt', 'all', ...QUIET];
    new Program(servers, { cwd: shared.folder });
    await client.findLeader();
    shared.pretendToStartServers();
  });

  after(async () => {
    client.close();
    await killPrograms();
    shared.remove();
  });

  /** Heals all servers, and gives the lead to one of them: after a leader that is crashed the next server is the first to stand. */
  async function leadBy(wanted: number): Promise<void> {
    const leader = async (): Promise<number> => {
      for (const { id } of shared.servers) await client.restore(id);
      return (await client.findLeader()).id;
    };
    await until(`server ${wanted} leads`, async () => {
      const id = await leader();
      if (id === wanted) return true;
      await client.crash(id);
      await client.findLeader();
      return false;
    });
  }

  describe('can fail', () => {
    async function failureOf(language: string, text: string): Promise<string> {
      try {
        await shared.run([{ page: 'docs/a.md', line: 7, language, text, notRun: undefined }], PAGE_MS);
        return '';
      } catch (error) {
        return String(error);
      }
    }

    it('when a command fails', async () => {
      expect(await failureOf('sh', 'false\n')).to.include('ended with 1 in the block at docs/a.md:7');
      expect(await failureOf('sh', 'curl localhost:9001/nothing/here\n')).to.include('docs/a.md:7');
      expect(await failureOf('python', '1 + 1  # -> 3\n')).to.include('docs/a.md:7');
    });

    it('when something else is printed', async () => {
      expect(await failureOf('sh', 'echo one  # -> two\n')).to.include('printed\none\nand not\ntwo');
      expect(await failureOf('console', '$ echo one\n$ echo two\none\n')).to.include(
        'printed\none\nand not\n',
      );
      expect(await failureOf('console', '$ printf "a b\\nc\\nd\\n"\na ...\n...\nd\n')).to.equal('');
      expect(await failureOf('ts', 'console.log(1); // -> 2\n')).to.include('printed\n1\nand not\n2');
    });
  });

  for (const [page, blocks] of commands) {
    it(`${page} can be typed as it stands`, async () => {
      if (page === 'README.md') {
        const own = await Workplace.make();
        try {
          await own.run(blocks, PAGE_MS);
        } finally {
          own.remove();
        }
      } else {
        await leadBy(1);
        await shared.run(blocks, PAGE_MS);
      }
    });
  }
});
