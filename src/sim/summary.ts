import type { Request } from './requests.js';
import type { RunResult } from './run.js';

/** The summary of a number of runs. */
export class Summary {
  simulatedMs = 0;
  private runs = 0;
  private elections = 0;
  private messages = 0;
  private snapshots = 0;
  private installed = 0;
  private events = 0;
  private operations = 0;
  private searched = 0;
  private readonly conditions = { slowSyncs: 0, limited: 0 };
  private readonly liveness = { runs: 0, connectedMs: 0, probes: 0 };
  private readonly clients = { repeats: 0, repeatedAndDone: 0, routed: 0, opened: 0, expired: 0 };
  private readonly servers = new Map<string, number>();
  private readonly faults = new Map<string, number>();
  private readonly outcomes = new Map<string, number>();
  private readonly violations = new Map<string, number[]>();
  private readonly startedAt = performance.now();

  add({
    plan,
    violation,
    simulatedMs,
    counts,
    clientCounts,
    livenessCounts,
    operations,
    traceEvents,
    judgement,
  }: RunResult): void {
    this.runs += 1;
    this.simulatedMs += simulatedMs;
    this.elections += counts.elections;
    this.messages += counts.messages;
    this.snapshots += counts.snapshots;
    this.installed += counts.installed;
    this.events += traceEvents;
    this.operations += operations.length;
    if (judgement === 'searched') this.searched += 1;
    this.clients.repeats += clientCounts.repeats;
    this.clients.repeatedAndDone += clientCounts.repeatedAndDone;
    this.clients.routed += clientCounts.routed;
    this.clients.opened += clientCounts.opened;
    this.clients.expired += clientCounts.expired;
    if (plan.syncMs !== undefined) this.conditions.slowSyncs += 1;
    if (plan.network.bytesPerSecond !== undefined) this.conditions.limited += 1;
    if (plan.isLivenessJudged === true) this.liveness.runs += 1;
    this.liveness.connectedMs += livenessCounts.connectedMs;
    this.liveness.probes += livenessCounts.probes;
    count(this.servers, String(plan.servers));
    for (const [kind, times] of counts.faults) count(this.faults, kind, times);
    for (const { request, outcome } of operations) count(this.outcomes, outcomeName(request.kind, outcome));
    if (violation !== null) {
      this.violations.set(violation.rule, [...(this.violations.get(violation.rule) ?? []), plan.seed]);
    }
  }

  oneLine(): string {
    return `${this.hours()} cluster-hours, ${this.elections} elections, ${this.operations} operations, ${this.violated()} violations`;
  }

  text(): string {
    const wallMs = performance.now() - this.startedAt;
    const lines = [
      `runs               ${this.runs} (servers: ${list(this.servers)})`,
      `simulated          ${this.hours()} cluster-hours in ${(wallMs / 1000).toFixed(1)} s, ${(this.simulatedMs / wallMs).toFixed(0)} times real time`,
      `events             ${this.events} (${this.messages} messages, ${this.elections} elections)`,
      `snapshots          ${this.snapshots} taken, ${this.installed} installed or loaded`,
      `faults             ${list(this.faults)}`,
      `slow disks, links  ${this.conditions.slowSyncs} runs with slow disks, ${this.conditions.limited} with limited bandwidth`,
      `liveness           judged in ${this.liveness.runs} runs, ${hours(this.liveness.connectedMs)} h with a connected majority, ${this.liveness.probes} probes`,
      `operations         ${this.operations} (${list(this.outcomes)})`,
      `through any server ${this.clients.routed} attempts`,
      `writes repeated    ${this.clients.repeats} attempts; ${this.clients.repeatedAndDone} were answered that may have been done before`,
      `sessions           ${this.clients.opened} opened, ${this.clients.expired} found to be forgotten`,
      `histories          ${this.runs - this.violated()} linearizable, ${this.searched} of them in another order than that of the log`,
      `violations         ${this.violated()}`,
      ...[...this.violations].map(([rule, seeds]) => `  ${rule}: seeds ${seeds.slice(0, 20).join(' ')}`),
    ];
    return lines.join('\n');
  }

  private hours(): string {
    return hours(this.simulatedMs);
  }

  private violated(): number {
    return [...this.violations.values()].reduce((sum, seeds) => sum + seeds.length, 0);
  }
}

const names: Readonly<Record<Request['kind'], string>> = {
  update: 'update',
  readMap: 'read',
  kvPut: 'put',
  kvAppend: 'append',
  kvDelete: 'delete',
  kvGet: 'get',
};

function outcomeName(kind: Request['kind'], outcome: RunResult['operations'][number]['outcome']): string {
  const name = names[kind];
  switch (outcome?.kind) {
    case 'updated':
      return `${name} ${outcome.applied ? 'applied' : 'refused'}`;
    case 'read':
    case 'got':
      return `${name} answered`;
    case 'written':
      return `${name} done`;
    case 'removed':
      return `${name} ${outcome.existed ? 'done' : 'of nothing'}`;
    case 'failed':
    case 'unknown':
      return `${name} ${outcome.kind}`;
    case undefined:
      return `${name} open`;
  }
}

function hours(ms: number): string {
  return (ms / 3_600_000).toFixed(2);
}

function count(counts: Map<string, number>, name: string, times = 1): void {
  counts.set(name, (counts.get(name) ?? 0) + times);
}

function list(counts: ReadonlyMap<string, number>): string {
  return [...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, times]) => `${name} ${times}`)
    .join(', ');
}
