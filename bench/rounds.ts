import type { LoadProcess } from './loadProcess.js';
import { Results, type Result, type Roles, type Subject, type SystemServer } from './results.js';
import { RuntimeWatch } from './serverMetrics.js';

/** Sorts servers by a leader that is known. @throws Error when it is none of them */
export function rolesOf(servers: readonly SystemServer[], leads: (server: SystemServer) => boolean): Roles {
  const leader = servers.find(leads);
  if (leader === undefined) throw new Error('none of the servers leads');
  return { leader, followers: servers.filter((server) => server !== leader) };
}

/** How calls are made, and for how long. */
interface Pace {
  readonly seconds: number;
  /** Calls per second of an open loop; a closed loop when it is absent. */
  readonly openLoop?: number;
}

export interface RoundSettings extends Pace {
  readonly rounds: number;
  readonly clients: readonly number[];
}

const WARM_UP_MS = 500;

/** A measurement in which another server became leader is repeated, but not for ever. */
const ATTEMPTS_MAX = 5;

/**
 * Measures the subjects in turn, round after round, so that whatever else the machine does hits all of them alike.
 */
export class Rounds {
  private measurements = 0;

  constructor(
    private readonly settings: RoundSettings,
    private readonly load: LoadProcess,
    private readonly subjects: readonly Subject[],
  ) {}

  /** @param afterEach is called after each round */
  async run(afterEach: () => void = () => undefined): Promise<Results> {
    const results = new Results();
    const { rounds, clients } = this.settings;
    for (let round = 1; round <= rounds; round += 1) {
      for (const count of clients) {
        for (const subject of this.subjects) {
          const result = await this.measure(subject, count, this.settings);
          results.add(subject, count, result);
        }
      }
      afterEach();
      process.stderr.write(`round ${round} of ${rounds}\n`);
    }
    return results;
  }

  /** Has each subject run once without looking at it, so that what runs often is compiled on all servers. */
  async warmUp({ clients, seconds }: { clients: number; seconds: number }): Promise<void> {
    for (const subject of this.subjects) await this.measure(subject, clients, { seconds });
  }

  private async measure(subject: Subject, clients: number, pace: Pace): Promise<Result> {
    for (let attempt = 1; ; attempt += 1) {
      const roles = await subject.system.roles();
      // Where another server has become leader, calls fail and connections break.
      const outcome = await this.measureOnce(subject, roles, clients, pace).catch((error: unknown) => ({
        error,
      }));
      const { leader } = await subject.system.roles();
      const isSameLeader = leader.pid === roles.leader.pid;
      if (isSameLeader && !('error' in outcome)) return outcome;
      // A leader that was lost and found within seconds breaks connections, too.
      const reason =
        isSameLeader && 'error' in outcome ? String(outcome.error) : 'another server leads by now';
      process.stderr.write(`${subject.systemName}, ${clients} clients: ${reason}; measured again\n`);
      if (attempt === ATTEMPTS_MAX) throw new Error(`${subject.systemName} cannot be measured: ${reason}`);
    }
  }

  private async measureOnce(
    subject: Subject,
    { leader, followers }: Roles,
    clients: number,
    { seconds, openLoop }: Pace,
  ): Promise<Result> {
    // Of a cluster of one the leader is all there is.
    const server = subject.throughFollower === true ? (followers[0] ?? leader) : leader;
    this.measurements += 1;
    const watch = subject.hasRuntimeMetrics ? await RuntimeWatch.begin(leader) : undefined;
    const { cpuMicros, ...measured } = await this.load.measure({
      server,
      operation: subject.operation,
      clients,
      warmUpMs: WARM_UP_MS,
      durationMs: seconds * 1000,
      label: subject.label ?? `bench-${this.measurements}`,
      pids: [leader, ...followers].map(({ pid }) => pid),
      ...(openLoop !== undefined && { ratePerSecond: openLoop }),
    });
    const delays = (await watch?.end()) ?? { gcMsPerSecond: Number.NaN, loopDelayMaxMs: Number.NaN };
    if (measured.failed > 0)
      throw new Error(`${measured.failed} calls of "${subject.name}" to ${subject.systemName} failed`);
    const [leaderCpuMicros = 0, ...others] = cpuMicros;
    const followersCpuMicros = others.reduce((sum, micros) => sum + micros, 0);
    return { ...measured, ...delays, leaderCpuMicros, followersCpuMicros };
  }
}
