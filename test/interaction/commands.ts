import type { HeldMessage } from '../../src/sim/simNetwork.js';
import { describeLog, describeMessage, describeRequest, describeServer } from './describe.js';
import type { World } from './world.js';

type Command = (world: World, args: readonly string[]) => void | Promise<void>;

/**
 * Runs the commands of one block, one after another without any packet delivered in between; what follows from
 * them without time passing happens at the end of the block, or when a command looks at the servers.
 *
 * @returns what is printed
 */
export async function runBlock(world: World, commands: readonly string[]): Promise<string[]> {
  world.lines = [];
  for (const line of commands) {
    const [name = '', ...args] = line.split(/\s+/);
    const command = table[name];
    if (command === undefined) throw new Error(`unknown command: ${line}`);
    if (looking.has(name)) await world.cluster.settle();
    await command(world, args);
  }
  await world.cluster.settle();
  const traced = world.isTracing ? world.sent.splice(0).map(describeRequest) : [];
  world.lines.push(...traced);
  world.reportNews();
  return world.lines.length === 0 ? ['ok'] : world.lines;
}

/** Commands that look at the servers, hence at what has come of the commands before. */
const looking = new Set(['held', 'log', 'status', 'versions', 'sent']);

/**
 * The language. `I` is a server's number, `A>B` one direction of a link, `NAME V` a file and its version.
 */
const table: Readonly<Record<string, Command | undefined>> = {
  /** cluster n=5 [reply=commit] [waiting=10] [bytes=1000] [entries=10] [checkQuorum] [rpc=400] [votedelay=1200]
   * [snapshots=5, after so many entries, in chunks of chunk=60 characters, with a tail of tail=0 entries] */
  cluster: (world, args) => {
    const settings = new Map(args.map((arg) => splitAt(arg, '=')));
    const number = (name: string, otherwise: number): number => Number(settings.get(name) ?? otherwise);
    world.create(number('n', 3), {
      raft: {
        uncommittedBytesMax: number('bytes', 64 * 1024 * 1024),
        appendEntriesMax: number('entries', 1024),
        checkQuorum: settings.has('checkQuorum'),
        voteDelayTicks: number('votedelay', 0) / 10,
        tailEntriesMax: number('tail', 0),
      },
      snapshots: {
        entriesMax: number('snapshots', Infinity),
        bytesMax: Infinity,
        chunkChars: number('chunk', 60),
      },
      waitingCallsMax: number('waiting', 10_000),
      rpcTimeoutMs: number('rpc', 400),
      replyAfter: settings.get('reply') === 'commit' ? 'commit' : 'majority',
    });
  },

  /** elect I: I campaigns at once and must win. */
  elect: async (world, [id]) => {
    const server = world.server(id);
    await world.cluster.campaign(server.id);
    if (!server.node.isLeader) throw new Error(`${describeServer(server)}: not elected`);
  },
  /** campaign I: I campaigns at once, with whatever success. */
  campaign: (world, [id]) => world.server(id).node.campaign(),
  /** draw I 700ms: from its next timeout on, I draws this election timeout. */
  draw: (world, [id, time]) => {
    world.drawTicks.set(world.server(id).id, milliseconds(time) / 10);
  },

  update: (world, [id, name = '', version]) => {
    world.cluster.update(world.server(id).id, name, Number(version));
  },
  /** fill I NAME N: N files NAME1 .. NAMEN get version 1. */
  fill: (world, [id, name = '', count]) => {
    for (let file = 1; file <= Number(count); file += 1) {
      world.cluster.update(world.server(id).id, `${name}${file}-`, 1);
    }
  },
  read: (world, [id, name = '']) => {
    world.cluster.read(world.server(id).id, name);
  },
  /** cancel N: the client of call N hangs up. */
  cancel: (world, [number]) => world.cluster.calls.all[Number(number) - 1]?.cancel(),

  crash: (world, ids) => world.servers(ids).forEach(({ node }) => node.crash()),
  restore: (world, ids) => world.servers(ids).forEach(({ node }) => node.restore()),
  kill: (world, ids) => world.servers(ids).forEach((server) => server.kill()),
  /** start I: a new process on the old disk; start I empty: on an empty one, so that it does not vote for 1200 ms. */
  start: (world, [id, disk]) => world.server(id).startProcess(disk === 'empty' ? 'empty' : 'kept'),

  /** preload I term=6 1x3 2x1: I has run before, to term 6, and its log holds three entries of term 1 and one of term 2. */
  preload: (world, [id, term = '', ...runs]) => {
    const terms = runs.flatMap((run) => {
      const [entryTerm, count] = splitAt(run, 'x').map(Number);
      return Array<number>(count ?? 0).fill(entryTerm ?? 0);
    });
    world.server(id).preload(Number(splitAt(term, '=')[1]), terms);
  },

  /** cut A B: both ways; cut A>B: one way. */
  cut: (world, [first = '', second]) => {
    const { cluster } = world;
    if (second === undefined) cluster.network.cutLink(...link(first));
    else cluster.cut(Number(first), Number(second));
  },
  isolate: (world, ids) => world.servers(ids).forEach(({ id }) => world.cluster.isolate(id)),
  /** partition 0,1 2,3,4 */
  partition: (world, groups) =>
    world.cluster.partition(...groups.map((group) => group.split(',').map(Number))),
  heal: (world) => world.cluster.network.heal(),
  /** hold A>B ..: what is sent there waits for `release`. */
  hold: (world, links) => links.forEach((text) => world.cluster.network.hold(...link(text))),
  held: (world) => world.cluster.network.held.forEach((message) => world.print(describeMessage(message))),
  /** drop TYPE: of what is held, the requests of this type are lost. */
  drop: (world, [type]) => {
    const { network } = world.cluster;
    network.keepOnly(network.held.filter(({ request }) => request.type !== type));
  },
  /** release [oldest first | newest only, the others stay | reversed | twice | none: all are lost] */
  release: (world, [order = 'oldest']) => {
    const plan = releasePlans[order];
    if (plan === undefined) throw new Error(`unknown order: ${order}`);
    const { network } = world.cluster;
    const { sent, kept = [] } = plan(network.held);
    network.release(kept);
    for (const { send } of sent) send();
  },

  slow: (world, [id]) => world.server(id).disk.hold(),
  fast: (world, [id]) => world.server(id).disk.free(),
  /** complete I [N]: N writes of I, else all, become durable. */
  complete: (world, [id, count]) => {
    const { disk } = world.server(id);
    disk.complete(count === undefined ? disk.writesUnderWay : Number(count));
  },
  /** busy I: pieces of long work of I (taking, loading a snapshot) wait; work I N: N of them are done; free I: all go on. */
  busy: (world, [id]) => world.server(id).stall(),
  work: (world, [id, count]) => world.server(id).work(Number(count)),
  free: (world, [id]) => world.server(id).free(),
  breakdisk: (world, [id]) => world.server(id).disk.breakDown(),

  advance: (world, [time]) => world.cluster.advance(milliseconds(time)),
  settle: (world) => world.cluster.settle(),

  log: (world, ids) => world.servers(ids).forEach((server) => world.print(describeLog(server))),
  status: (world, ids) => world.servers(ids).forEach((server) => world.print(describeServer(server))),
  versions: (world, [name = '']) =>
    world.print(world.cluster.servers.map(({ id, files }) => `${id}:${files.versionOf(name)}`).join(' ')),
  /** trace on | off: print each request as it leaves, or stop. */
  trace: (world, [state]) => {
    world.isTracing = state === 'on';
    world.sent = [];
  },
  /** sent [I]: requests that left since the last count, by type, those to I only if given. */
  sent: (world, [id]) => {
    const counts = { preVote: 0, requestVote: 0, appendEntries: 0, heartbeat: 0, installSnapshot: 0 };
    for (const { type, to } of world.sent.splice(0))
      if (id === undefined || to === Number(id)) counts[type] += 1;
    const used = Object.entries(counts).filter(([, count]) => count > 0);
    world.print(
      used.length === 0 ? 'no requests' : used.map(([type, count]) => `${type} ${count}`).join(', '),
    );
  },
  /** idle 10s: time passes; the largest number of requests a second that one server received. */
  idle: async (world, [time]) => {
    const { cluster } = world;
    const received = cluster.servers.map(() => 0);
    cluster.onDelivered = ({ to }) => (received[to] = (received[to] ?? 0) + 1);
    const ms = milliseconds(time);
    await cluster.advance(ms);
    world.print(`at most ${((Math.max(...received) * 1000) / ms).toFixed(1)} requests a second`);
  },
};

/** The fate of held messages: sent now in this order, or kept for a later release; all others are lost. */
interface ReleasePlan {
  readonly sent: readonly HeldMessage[];
  readonly kept?: readonly HeldMessage[];
}

const releasePlans: Readonly<Record<string, ((held: readonly HeldMessage[]) => ReleasePlan) | undefined>> = {
  oldest: (held) => ({ sent: held }),
  newest: (held) => ({ sent: held.slice(-1), kept: held.slice(0, -1) }),
  reversed: (held) => ({ sent: held.toReversed() }),
  twice: (held) => ({ sent: [...held, ...held] }),
  none: () => ({ sent: [] }),
};

function splitAt(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

function link(text: string): [number, number] {
  const [from, to] = splitAt(text, '>');
  return [Number(from), Number(to)];
}

function milliseconds(text: string | undefined): number {
  const [, number, unit] = /^(\d+)(ms|s)$/.exec(text ?? '') ?? [];
  if (number === undefined) throw new Error(`not a time: ${text ?? 'nothing'}`);
  return Number(number) * (unit === 's' ? 1000 : 1);
}
