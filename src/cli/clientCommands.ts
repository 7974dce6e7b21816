import { Option, type Command } from 'commander';
import { SurfStoreClient, type FileInfo } from '../client/index.js';
import { serverOf } from '../config/clusterFile.js';
import { clientCommand, print, withClientOf, type Session, CommandError, EXIT } from './command.js';
import { table, terminalText } from './output.js';
import { XmlRpcDouble } from '../xmlrpc/index.js';

type Format = 'table' | 'json';

export function fileCommands(program: Command): void {
  clientCommand(program, 'files', 'list all files: name, version, hashes')
    .addOption(format())
    .action((config: string, flags: { timeout: number; output: Format }) =>
      withClient(config, flags.timeout, async ({ client }) => {
        const files = [...(await client.getFileInfoMap())].sort(([a], [b]) => (a < b ? -1 : 1));
        if (flags.output === 'json')
          print(terminalText(JSON.stringify(Object.fromEntries(files.map(jsonFile)))));
        else if (files.length > 0) print(table(['NAME', 'VERSION', 'HASHES'], files.map(fileRow)));
      }),
    );
  clientCommand(program, 'get', 'show one file: its version, then its hashes, one per line')
    .argument('<name>', 'file name')
    .action((config: string, name: string, { timeout }: { timeout: number }) =>
      withClient(config, timeout, async ({ client }) => {
        const file = (await client.getFileInfoMap()).get(name);
        if (file === undefined) throw new CommandError(`there is no file ${JSON.stringify(name)}`);
        print([String(file.version), ...hashes(file)].map((line) => terminalText(line)).join('\n'));
      }),
    );
  clientCommand(program, 'update', 'set the hashes of a file; VERSION must be one above the stored one')
    .argument('<name>', 'file name')
    .argument('<version>', 'new version; 1 for a new file')
    .argument('[hashes...]', 'hashes of the blocks, in order; 0 alone marks the file as deleted')
    .action(
      (config: string, name: string, version: string, list: string[], { timeout }: { timeout: number }) =>
        withClient(config, timeout, async ({ client }) => {
          if (!/^-?\d{1,15}$/.test(version))
            throw new CommandError(`VERSION must be a whole number, got ${version}`, EXIT.usage);
          const applied = await client.updateFile(name, Number(version), list);
          print(String(applied));
          if (!applied) throw new CommandError(`version ${version} is not one above the stored version`);
        }),
    );
  clientCommand(program, 'version', 'show the committed version of a file, 0 for one never written')
    .argument('<name>', 'file name')
    .option('--server <id>', 'as this server has it, crashed or not (default: the leader)')
    .action((config: string, name: string, flags: { timeout: number; server?: string }) =>
      withClient(config, flags.timeout, async (session) => {
        const server = await serverFor(flags.server ?? 'leader', session);
        print(String(await session.client.versionAt(server, name)));
      }),
    );
}

export function faultCommands(program: Command): void {
  clientCommand(program, 'crash', 'crash a server by its hook; the process lives on')
    .argument('<server>', 'id of a server, or "leader"')
    .action((config: string, which: string, { timeout }: { timeout: number }) =>
      withClient(config, timeout, async (session) => {
        const id = await serverFor(which, session);
        await session.client.crash(id);
        print(`server ${id} is crashed`);
      }),
    );
  clientCommand(program, 'restore', 'restore a crashed server')
    .argument('<server>', 'id of a server, or "all"')
    .action((config: string, which: string, { timeout }: { timeout: number }) =>
      withClient(config, timeout, async ({ cluster, client }) => {
        const servers = which === 'all' ? cluster.servers : [serverOf(cluster, which)];
        const failures: string[] = [];
        for (const { id } of servers) {
          await client.restore(id).then(
            () => print(`server ${id} is up`),
            (error: unknown) => failures.push(messageOf(error)),
          );
        }
        if (failures.length > 0) throw new CommandError(failures.join('; '));
      }),
    );
}

function format(): Option {
  return new Option('-o, --output <format>', 'how to show it').choices(['table', 'json']).default('table');
}

function withClient(
  config: string,
  deadlineMs: number,
  action: (session: Session<SurfStoreClient>) => Promise<void>,
): Promise<void> {
  return withClientOf(SurfStoreClient, config, deadlineMs, action);
}

async function serverFor(which: string, { cluster, client }: Session<SurfStoreClient>): Promise<number> {
  return which === 'leader' ? (await client.findLeader()).id : serverOf(cluster, which).id;
}

function fileRow([name, file]: readonly [string, FileInfo]): string[] {
  const shown = hashes(file).map((hash) => terminalText(hash));
  return [terminalText(name), String(file.version), shown.join('\n')];
}

function jsonFile([name, file]: readonly [string, FileInfo]): [string, unknown] {
  return [name, { version: file.version, hashes: hashes(file) }];
}

/** Hashes as text; one that is not text (clients may send anything) as JSON. */
function hashes({ hashList }: FileInfo): string[] {
  const items = Array.isArray(hashList) ? hashList : [hashList];
  return items.map((item) => {
    if (typeof item === 'string') return item;
    if (item instanceof XmlRpcDouble) return item.text;
    if (item instanceof Uint8Array) return Buffer.from(item).toString('base64');
    return typeof item === 'number' || typeof item === 'bigint' ? String(item) : JSON.stringify(item);
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
