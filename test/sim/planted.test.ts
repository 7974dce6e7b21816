import type { SimOperation } from '../../src/sim/requests.js';
import { expect } from 'chai';
import { judgeHistory, type Judgement } from '../../src/sim/judge.js';
import { drawPlan } from '../../src/sim/drawPlan.js';
import type { Plan } from '../../src/sim/plan.js';
import { runPlan, type RunOptions, type RunResult } from '../../src/sim/run.js';
import { shrinkPlan } from '../../src/sim/shrink.js';
import type { SimCluster } from '../../src/sim/simCluster.js';
import type { SimProcess, SimServer } from '../../src/sim/simServer.js';

const FIRST_SEED = 1;
const SEEDS = 40;
/** Short runs are enough, and quicker to shrink. */
const LIMITS = { servers: 3, chaosMs: 8_000 } as const;
const SHRINK_RUNS = 60;

const RESULT = 'an entry has the result that the log gives it';

/** Something that is wrong on purpose, and the rules of which one must notice it. */
interface Planted {
  readonly fault: string;
  readonly noticedAs: readonly string[];
  readonly options: RunOptions;
}

/** Does something with each process of a server, as soon as it exists. */
function onEachProcess(server: SimServer, change: (process: SimProcess) => void): void {
  const start = server.start.bind(server);
  server.start = () => {
    const before = server.process;
    start();
    if (server.process !== undefined && server.process !== before) change(server.process);
  };
}

/** A state machine that takes the commands for file f0 to be for f1. */
function misapply({ servers }: SimCluster): void {
  const [, server] = servers;
  if (server === undefined) return;
  onEachProcess(server, ({ state }) => {
    const apply = state.apply.bind(state);
    state.apply = (entry) => apply({ ...entry, command: entry.command.replace('"f0"', '"f1"') });
  });
}

/** State machines that apply a retry like any other command. */
function forgetRetries({ servers }: SimCluster): void {
  for (const server of servers) {
    onEachProcess(server, ({ state }) => {
      state.sessions.once = (_request, run) => run();
    });
  }
}

/** Servers that answer reads from what they have. */
function readLocally({ servers }: SimCluster): void {
  for (const server of servers) {
    onEachProcess(server, ({ router }) => {
      router.read = () => ({ promise: Promise.resolve(), cancel: () => undefined });
    });
  }
}

/** Disks that call a write done when it has only begun. */
function acknowledgeEarly({ servers }: SimCluster): void {
  for (const { disk } of servers) {
    const open = disk.open.bind(disk);
    disk.open = (host) => {
      const storage = open(host);
      return {
        ...storage,
        persist: (batch, done) => {
          storage.persist(batch, () => undefined);
          done(null);
        },
      };
    };
  }
}

/** Disks that read back all but the newest entry. */
function loseNewest({ servers }: SimCluster): void {
  for (const { disk } of servers) {
    const open = disk.open.bind(disk);
    disk.open = (host) => {
      const storage = open(host);
      return {
        ...storage,
        load: (done) =>
          storage.load((error, stored) => done(error, { ...stored, entries: stored.entries.slice(0, -1) })),
      };
    };
  }
}

/** Something in front of a server that votes for everybody while the server is crashed. */
function voteWhileCrashed({ servers }: SimCluster): void {
  for (const server of servers) {
    onEachProcess(server, ({ node }) => {
      const receive = node.receive.bind(node);
      node.receive = (request, reply) => {
        const { type, from, to, term } = request;
        if (!node.isCrashed || type !== 'requestVote') receive(request, reply);
        else reply({ type: 'requestVoteResponse', from: to, to: from, term, granted: true });
      };
    });
  }
}

/** A client that reports its last update as failed although it was told that it succeeded. */
function judgeOfLies(operations: readonly SimOperation[], effects: readonly string[]): Judgement {
  const lie = operations.findLast(({ outcome }) => outcome?.kind === 'updated' && outcome.applied);
  return judgeHistory(
    operations.map((operation) =>
      operation === lie ? { ...operation, outcome: { kind: 'failed', reason: 'a lie' } } : operation,
    ),
    effects,
  );
}

/** A client that has seen an empty map when it saw files. */
function judgeOfForgetfulReads(operations: readonly SimOperation[], effects: readonly string[]): Judgement {
  const forgotten = operations.findLast(({ outcome }) => outcome?.kind === 'read' && outcome.files.size > 0);
  return judgeHistory(
    operations.map((operation) =>
      operation === forgotten ? { ...operation, outcome: { kind: 'read', files: new Map() } } : operation,
    ),
    effects,
  );
}

/** A client that has seen a list without its first item. */
function judgeOfShortLists(operations: readonly SimOperation[], effects: readonly string[]): Judgement {
  const shortened = operations.findLast(
    ({ outcome }) => outcome?.kind === 'got' && Array.isArray(outcome.value) && outcome.value.length > 1,
  );
  const { outcome } = shortened ?? {};
  const value = outcome?.kind === 'got' && Array.isArray(outcome.value) ? outcome.value.slice(1) : [];
  return judgeHistory(
    operations.map((operation) =>
      operation === shortened ? { ...operation, outcome: { kind: 'got', value } } : operation,
    ),
    effects,
  );
}

const truthful = { judge: judgeHistory };

const plants: readonly Planted[] = [
  {
    fault: 'a state machine that applies another command',
    noticedAs: [RESULT, 'equal logs and states within 10 s of healing', 'linearizability'],
    options: { ...truthful, prepare: misapply },
  },
  {
    fault: 'state machines that apply retries again',
    noticedAs: [
      RESULT,
      'equal logs and states within 10 s of healing',
      'a snapshot is what its entries make',
    ],
    options: { ...truthful, prepare: forgetRetries },
  },
  {
    fault: 'servers that answer reads from what they have',
    noticedAs: ['linearizability', 'no reply without a majority'],
    options: { ...truthful, prepare: readLocally },
  },
  {
    fault: 'disks that acknowledge before anything is durable',
    noticedAs: ['an acknowledgement is durable before it leaves', 'a vote is durable before it leaves'],
    options: { ...truthful, prepare: acknowledgeEarly },
  },
  {
    fault: 'disks that lose the newest entry',
    noticedAs: [
      'InvariantViolation',
      'a log has no gaps',
      'leader completeness',
      'committed entries are on a majority',
      'committed entries are held',
      'log matching',
      'state machine safety',
      'acknowledged writes are kept',
      'linearizability',
    ],
    options: { ...truthful, prepare: loseNewest },
  },
  {
    fault: 'a vote in the name of a crashed server',
    noticedAs: ['a crashed server sends nothing'],
    options: { ...truthful, prepare: voteWhileCrashed },
  },
  {
    fault: 'a client that reports a success as a failure',
    noticedAs: ['linearizability'],
    options: { judge: judgeOfLies },
  },
  {
    fault: 'a client that reports an empty map',
    noticedAs: ['linearizability'],
    options: { judge: judgeOfForgetfulReads },
  },
  {
    fault: 'a client that reports a list without its first item',
    noticedAs: ['linearizability'],
    options: { judge: judgeOfShortLists },
  },
];

/** The first seed that shows the fault. */
async function find(options: RunOptions): Promise<RunResult> {
  for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed += 1) {
    const result = await runPlan(drawPlan(seed, LIMITS), options);
    if (result.violation !== null) return result;
  }
  throw new Error(`no seed of ${SEEDS} shows it`);
}

function operationsOf({ clients }: Plan): number {
  return clients.reduce((sum, { operations }) => sum + operations, 0);
}

describe('a planted fault', function () {
  this.timeout(20_000);
  for (const { fault, noticedAs, options } of plants) {
    it(`is found, shrunk and replayed: ${fault}`, async () => {
      const found = await find(options);
      expect(found.violation?.rule).to.be.oneOf([...noticedAs]);
      expect(found.violation?.lastEvents).to.have.length.within(1, 60);

      const smallest = await shrinkPlan(found, (plan) => runPlan(plan, options), SHRINK_RUNS);
      expect(smallest.violation?.rule).to.equal(found.violation?.rule);
      expect(smallest.plan.faults.length).to.be.at.most(found.plan.faults.length);
      expect(operationsOf(smallest.plan)).to.be.at.most(operationsOf(found.plan));
      expect(smallest.plan).not.to.deep.equal(found.plan);

      const plan = JSON.parse(JSON.stringify(smallest.plan)) as Plan;
      const replayed = await runPlan(plan, options);
      expect(replayed.violation).to.deep.equal(smallest.violation);
      expect(replayed.traceHash).to.equal(smallest.traceHash);

      const { violation } = await runPlan(plan, truthful);
      expect(violation?.message ?? '', 'without the fault nothing is wrong').to.equal('');
    });
  }
});
