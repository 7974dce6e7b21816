import type { Endpoint } from './connection.js';
import type { Operation } from './operations.js';
import { quantile } from './loops.js';
import type { Measurement } from './load.js';
import type { RuntimeDelays } from './serverMetrics.js';

/** One measurement. CPU time is in microseconds per operation. */
export interface Result extends Omit<Measurement, 'cpuMicros'>, RuntimeDelays {
  readonly leaderCpuMicros: number;
  /** Of all followers together. */
  readonly followersCpuMicros: number;
}

/** The results of each subject with each number of clients, one for each round. */
export class Results {
  private readonly rounds = new Map<Subject, Map<number, Result[]>>();

  add(subject: Subject, clients: number, result: Result): void {
    const ofSubject = this.rounds.get(subject) ?? new Map<number, Result[]>();
    this.rounds.set(subject, ofSubject.set(clients, [...(ofSubject.get(clients) ?? []), result]));
  }

  of(subject: Subject, clients: number): readonly Result[] {
    return this.rounds.get(subject)?.get(clients) ?? [];
  }

  median(subject: Subject, clients: number, pick: (result: Result) => number): number {
    return median(this.of(subject, clients).map(pick));
  }

  /** The median over the rounds of what one subject has, divided by what the other one has in the same round. */
  ratio(subject: Subject, other: Subject, clients: number, pick: (result: Result) => number): number {
    const others = this.of(other, clients).map(pick);
    return median(
      this.of(subject, clients).map((result, round) => pick(result) / (others[round] ?? Number.NaN)),
    );
  }
}

export function median(values: readonly number[]): number {
  return quantile(
    values.toSorted((a, b) => a - b),
    0.5,
  );
}

/** An operation on one system. */
export interface Subject {
  /** The operation, as it is printed. */
  readonly name: string;
  /** The system, as it is printed. */
  readonly systemName: string;
  readonly operation: Operation;
  readonly system: System;
  /** Whether a server is asked that does not lead. @default false */
  readonly throughFollower?: boolean;
  /** Whether its servers serve the metrics of Node.js. */
  readonly hasRuntimeMetrics: boolean;
  /** Names what the clients write. @default a name that is unlike that of any other measurement */
  readonly label?: string;
}

/** A cluster that runs and can be measured. */
export interface System {
  roles(): Promise<Roles>;
}

/** A server of a system that is measured. */
export interface SystemServer extends Endpoint {
  readonly pid: number;
}

/** Which server leads, by now. */
export interface Roles {
  readonly leader: SystemServer;
  readonly followers: readonly SystemServer[];
}
