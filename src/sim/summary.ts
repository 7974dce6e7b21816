import type { RunResult } from './run.js';

/** What a number of runs came to. */
export class Summary {
  simulatedMs = 0;
  private runs = 0;
  private elections = 0;
  private messages = 0;
  private snapshots = 0;
  private installed = 0;
  private events = 0;
  private operations = 0;
  private readonly servers = new Map<string, number>();
  private readonly faults = new Map<string, number>();
  private readonly outcomes = new Map<string, number>();
  private readonly violations = new Map<string, number[]>();
  private readonly startedAt = performance.now();

  add({ plan, violation, simulatedMs, counts, operations, traceEvents }: RunResult): void {
    this.runs += 1;
    this.simulatedMs += simulatedMs;
    this.elections += counts.elections;
    this.messages += counts.messages;
    this.snapshots += counts.snapshots;
    this.installed += counts.installed;
    this.events += traceEvents;
    this.operations += operations.length;
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
      `operations         ${this.operations} (${list(this.outcomes)})`,
      `violations         ${this.violated()}`,
      ...[...this.violations].map(([rule, seeds]) => `  ${rule}: seeds ${seeds.slice(0, 20).join(' ')}`),
    ];
    return lines.join('\n');
  }

  private hours(): string {
    return (this.simulatedMs / 3_600_000).toFixed(2);
  }

  private violated(): number {
    return [...this.violations.values()].reduce((sum, seeds) => sum + seeds.length, 0);
  }
}

function outcomeName(kind: string, outcome: RunResult['operations'][number]['outcome']): string {
  if (outcome?.kind === 'updated') return outcome.applied ? 'update applied' : 'update refused';
  return `${kind === 'update' ? 'update' : 'read'} ${outcome?.kind === 'read' ? 'answered' : (outcome?.kind ?? 'open')}`;
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
