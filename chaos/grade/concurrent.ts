import type { Consistency } from './assertions/assertion.js';
import { createFolder, writeRun } from '../output/files.js';
import { runChaos } from '../run.js';
import type { CheckResult, RunRecord, VerdictName } from '../runRecord.js';
import type { Step as StoryStep } from '../scenarios/scenario.js';
import type { Judgement, Scorecard } from './scorecard.js';
import type { SubjectCluster } from './subject/subjectCluster.js';

const CLIENTS = 6;
const FILES = 3;
const DETAILS_MAX = 12;

/** All faults that a server of the assignment is promised to survive, and one that it is not told of: it stands still. */
const story: readonly StoryStep[] = [
  { wait: 1.5 },
  { crash: 'leader' },
  { wait: 3 },
  { restore: 'all' },
  { wait: 1.5 },
  { crash: 'follower' },
  { wait: 1.5 },
  { restore: 'all' },
  { wait: 1 },
  { crash: 'enoughFollowers' },
  { wait: 3 },
  { restore: 'all' },
  { wait: 1.5 },
  { pause: 'leader' },
  { wait: 3 },
  { resume: 'all' },
  { wait: 2 },
  { crash: 'all' },
  { wait: 0.5 },
  { restore: 'all' },
  { wait: 3 },
];

/** By verdict, the assertions that it decides: the first, and those that it can only fail. */
const decides: Partial<Record<VerdictName, readonly [string, ...string[]]>> = {
  linearizable: ['linearizable'],
  'nothing acknowledged is lost': ['nothing-lost'],
  'calls are answered': ['calls-answered'],
  'nothing is answered without a majority': ['no-early-answers'],
  'one leader at a time': ['one-leader'],
  'a leader within 5 s': ['leader-in-time'],
  'replicas are equal': ['replicas-equal'],
};
const canFail: Partial<Record<VerdictName, string>> = {
  'crashed servers stand still': 'stands-still',
  'blocked calls finish': 'waiting-ends',
};

export const concurrentAssertions: readonly string[] = Object.values(decides).map(([id]) => id);

interface ConcurrentOptions {
  readonly seed: number;
  readonly readsMap: boolean;
  readonly allowance: number;
  readonly consistency: Consistency;
  /** Where the report of the run goes. */
  readonly out: string;
  readonly command: string;
  readonly interrupted: AbortSignal;
}

/** Many clients under faults, judged by the checks of the chaos monkey. All servers of the cluster run already. */
export async function concurrentPart(
  cluster: SubjectCluster,
  card: Scorecard,
  options: ConcurrentOptions,
): Promise<RunRecord> {
  const { seed, readsMap, allowance, out, command, interrupted } = options;
  const { record } = await runChaos(cluster, {
    program: 'surfstore grade',
    scenario: 'many clients under faults',
    shows:
      'Clients write and read all the time. The leader, a follower and a majority are crashed and restored, the leader stands ' +
      'still for three seconds, all are crashed at once.',
    steps: story,
    repeats: false,
    breaksOff: false,
    seed,
    durationMs: 60_000,
    clients: CLIENTS,
    kvClients: 0,
    files: Array.from({ length: FILES }, (_, number) => `shared${number}.txt`),
    nameFor: (name) => name,
    needsHooks: true,
    readsMap,
    allowance,
    isPart: true,
    command,
    interrupted,
  });
  createFolder(out);
  writeRun(out, record);
  for (const check of record.checks) judge(card, check, options);
  return record;
}

function judge(card: Scorecard, check: CheckResult, { consistency }: ConcurrentOptions): void {
  const judgement = judgementOf(check);
  for (const id of decides[check.name] ?? []) {
    const isLeftOut = id === 'linearizable' && consistency === 'eventual';
    // Whether clients asked a leader without a majority is up to them, not to the servers.
    const isUnasked = id === 'no-early-answers' && check.verdict === 'unknown';
    if (isLeftOut) card.judge(id, leftOut);
    else card.judge(id, isUnasked ? { ...judgement, status: 'notMeasured' } : judgement);
  }
  const other = canFail[check.name];
  if (other !== undefined && judgement.status === 'fail') card.judge(other, judgement);
}

const leftOut: Judgement = {
  status: 'notMeasured',
  summary: 'Not asked for: --consistency eventual.',
  details: [],
  remarks: [],
};

function judgementOf({ verdict, summary, details }: CheckResult): Judgement {
  const status = verdict === 'unknown' ? 'notReached' : verdict;
  const shown = verdict === 'pass' ? [] : details.slice(0, DETAILS_MAX);
  return { status, summary, details: shown, remarks: [] };
}
