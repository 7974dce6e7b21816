import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { randomInt } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { occupyPort } from '../e2e/support/ports.js';
import { Program, type ExitStatus } from '../e2e/support/program.js';
import { within } from '../e2e/support/waiting.js';
import { root, type Block } from './markdown.js';

/** The ports of `myconfig.txt`, which the documents name: 9001 to 9005. */
const DOCUMENTED_PORT = 9001;
const SERVERS = 5;

/** An output that a document shows, and the file that holds the real one. */
interface Expectation {
  readonly block: Block;
  readonly command: string;
  readonly expected: string;
  readonly file: string;
}

/** The commands of a page as they are run: one script for all its blocks, as a reader who types them one by one. */
interface Script {
  readonly text: string;
  readonly expectations: readonly Expectation[];
}

/** A folder in which the commands of the documents work as in the root of the tree, on ports of its own. */
export class Workplace {
  readonly folder = mkdtempSync(join(tmpdir(), 'surfstore-docs-'));

  private constructor(private readonly firstPort: number) {
    for (const name of ['dist', 'node_modules', 'package.json', 'run-server.sh', 'run-client.sh']) {
      symlinkSync(join(root, name), join(this.folder, name));
    }
    const config = readFileSync(join(root, 'myconfig.txt'), 'utf8');
    writeFileSync(join(this.folder, 'myconfig.txt'), this.toReal(config));
    writeFileSync(join(this.folder, 'curl.mjs'), curl);
    writeFileSync(join(this.folder, 'nc.mjs'), netcat);
    writeFileSync(join(this.folder, 'blocks.py'), interpreter);
  }

  static async make(): Promise<Workplace> {
    return new Workplace(await portsInARow());
  }

  get servers(): { id: number; host: string; port: number }[] {
    return Array.from({ length: SERVERS }, (_, id) => ({
      id,
      host: 'localhost',
      port: this.firstPort + id,
    }));
  }

  /** The documented ports, and the first one after them, replaced by those of this place. */
  toReal(text: string): string {
    return text.replace(/\b900[1-6]\b/g, (port) => String(this.firstPort + Number(port) - DOCUMENTED_PORT));
  }

  toDocumented(text: string): string {
    return this.servers.reduce(
      (changed, { id, port }) => changed.replaceAll(String(port), String(DOCUMENTED_PORT + id)),
      text,
    );
  }

  /** From here on `./run-server.sh` starts nothing: the servers of this place run already. */
  pretendToStartServers(): void {
    const script = join(this.folder, 'run-server.sh');
    rmSync(script);
    writeFileSync(script, '#!/bin/sh\nexec sleep 600\n', { mode: 0o755 });
  }

  /** Runs the blocks one after another; throws with what went wrong and where. */
  async run(blocks: readonly Block[], deadlineMs: number): Promise<void> {
    const script = this.scriptOf(blocks);
    const file = join(this.folder, 'page.sh');
    writeFileSync(file, script.text);
    const program = new Program(['bash', file], { cwd: this.folder });
    try {
      // Servers that a page leaves running keep the output open.
      const status = await within(program.ended, deadlineMs, 'the end of the commands');
      this.judge(program, status, script.expectations);
    } finally {
      await program.kill();
    }
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }

  private judge(program: Program, status: ExitStatus, expectations: readonly Expectation[]): void {
    if (status !== 0) {
      throw new Error(`ended with ${status} in the block at ${this.read('progress')}:\n${program.stderr}`);
    }
    for (const { block, command, expected, file } of expectations) {
      const actual = this.toDocumented(this.read(file));
      if (pattern(expected).test(actual)) continue;
      const where = `${block.page}:${block.line}: ${command}`;
      throw new Error(`${where}\nprinted\n${actual}\nand not\n${expected}`);
    }
  }

  private read(file: string): string {
    return readFileSync(join(this.folder, file), 'utf8').replaceAll('\r', '').trimEnd();
  }

  private scriptOf(blocks: readonly Block[]): Script {
    const expectations: Expectation[] = [];
    const lines = [prelude];
    /** The command, with its output kept when the page shows it. */
    const add = (block: Block, command: string, expected: string | undefined): void => {
      if (expected === undefined) {
        lines.push(command);
        return;
      }
      const file = `output-${expectations.length}`;
      expectations.push({ block, command, expected, file });
      lines.push(`{ ${command}\n} >${file}`);
    };
    for (const [index, block] of blocks.entries()) {
      const text = this.toReal(block.text);
      lines.push(`echo '${block.page}:${block.line}' >progress`);
      switch (block.language) {
        case 'console':
          for (const { command, output } of dialogue(text)) add(block, command, this.toDocumented(output));
          break;
        case 'python':
          writeFileSync(join(this.folder, `block-${index}.py`), checkedPython(text));
          lines.push(`python_block block-${index}.py`);
          break;
        case 'ts':
          writeFileSync(join(this.folder, `block-${index}.ts`), text);
          add(block, `node --import tsx block-${index}.ts`, remarks(text, '//').join('\n'));
          break;
        default:
          for (const line of text.split('\n')) {
            const [expected] = remarks(line, '#');
            add(block, line, expected === undefined ? undefined : this.toDocumented(expected));
          }
      }
    }
    return { text: lines.join('\n'), expectations };
  }
}

/** An HTTP error is an error. A machine without curl or netcat has ones that do what the documents need. */
const prelude = `
set -eu -o pipefail
rm -f asked told
if command -v curl >/dev/null; then
  curl() { command curl --silent --show-error --fail-with-body "$@"; }
else
  curl() { node curl.mjs "$@"; }
fi
command -v nc >/dev/null || nc() { node nc.mjs "$@"; }
python_block() {
  if [ ! -p asked ]; then
    mkfifo asked told
    python3 -B blocks.py <asked >told &
    disown
    exec 7>asked 8<told
  fi
  echo "$1" >&7
  read -r answer <&8
  [ "$answer" = done ]
}
`;

/** One interpreter for all blocks of a page: what a block defines is there in the next one. */
const interpreter = `
import sys, traceback
def __is(value, expected):
    assert repr(value) == expected, f"{value!r} and not {expected}"
names = {"__is": __is}
for file in sys.stdin:
    file = file.strip()
    try:
        exec(compile(open(file).read(), file, "exec"), names)
        print("done", flush=True)
    except BaseException:
        traceback.print_exc()
        print("failed", flush=True)
`;

const curl = `
import { parseArgs } from 'node:util';
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    include: { type: 'boolean', short: 'i' },
    request: { type: 'string', short: 'X' },
    data: { type: 'string', short: 'd' },
    header: { type: 'string', short: 'H', multiple: true, default: [] },
  },
});
const response = await fetch('http://' + positionals[0], {
  method: values.request ?? (values.data === undefined ? 'GET' : 'POST'),
  headers: values.header.map((header) => header.split(': ')),
  body: values.data,
});
const headers = [...response.headers].map(([name, value]) => name + ': ' + value + '\\n');
if (values.include) console.log('HTTP/1.1 ' + response.status + ' ' + response.statusText + '\\n' + headers.join(''));
process.stdout.write(await response.text());
process.exitCode = response.ok ? 0 : 22;
`;

const netcat = `
import { connect } from 'node:net';
const [host, port] = process.argv.slice(-2);
const socket = connect(Number(port), host);
process.stdin.pipe(socket);
socket.pipe(process.stdout);
`;

/** The output that is shown after `# ->`, line by line. */
function remarks(text: string, comment: '#' | '//'): string[] {
  return text.split('\n').flatMap((line) => {
    const start = line.indexOf(`${comment} -> `);
    return start < 0 ? [] : [line.slice(start + comment.length + 4).trim()];
  });
}

/** The commands after `$`, each with the output below it. Comments are for the reader. */
function dialogue(text: string): { command: string; output: string }[] {
  const found: { command: string; output: string }[] = [];
  for (const line of text.trimEnd().split('\n')) {
    const last = found.at(-1);
    if (line.startsWith('$ ')) found.push({ command: line.slice(2), output: '' });
    else if (line.startsWith('# ')) continue;
    else if (last?.command.endsWith('\\') === true) last.command += `\n${line}`;
    else if (last !== undefined) last.output += `${last.output === '' ? '' : '\n'}${line}`;
  }
  return found;
}

/** The same program, in which each expression with a remark must have that value. */
function checkedPython(text: string): string {
  const lines = text.split('\n').map((line) => {
    const [expected] = remarks(line, '#');
    if (expected === undefined) return line;
    const [, indent = '', expression = ''] = /^(\s*)(.*?)\s*# ->/.exec(line) ?? [];
    return `${indent}__is((${expression}), ${JSON.stringify(expected)})`;
  });
  return lines.join('\n');
}

/** `...` stands for anything within its line, and a line of nothing else for any lines. */
function pattern(expected: string): RegExp {
  const source = expected
    .replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
    .replace(/^\\\.\\\.\\\.$/gm, '[^]*')
    .replaceAll('\\.\\.\\.', '.*');
  return new RegExp(`^${source}$`);
}

/** The first of as many free ports in a row as there are servers. */
async function portsInARow(): Promise<number> {
  for (;;) {
    const first = randomInt(12_000, 32_000 - SERVERS);
    const taken = await Promise.allSettled(
      Array.from({ length: SERVERS }, (_, id) => occupyPort(first + id)),
    );
    for (const port of taken) if (port.status === 'fulfilled') port.value.close();
    if (taken.every(({ status }) => status === 'fulfilled')) return first;
  }
}
