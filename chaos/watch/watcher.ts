import { setTimeout as sleep } from 'node:timers/promises';
import type { SeenStatus } from '../calls/answers.js';
import { Server } from '../calls/server.js';
import type { Cluster } from '../cluster/cluster.js';
import type { RunMs, ServerId, StatusSample } from '../runRecord.js';

const LOOK_EVERY_MS = 75;
/** A server of this product answers at once; of another one nothing is known, and what it suffers is known anyway. */
const PATIENCE_MS = { own: 400, assignment: 2_000 } as const;

const roles = ['leader', 'candidate', 'preCandidate', 'follower'] as const;

/** Looks at every server many times a second and notes what has changed. */
export class Watcher {
  readonly samples: StatusSample[] = [];
  private readonly servers: readonly Server[];
  private readonly latest = new Map<ServerId, SeenStatus | undefined>();
  private readonly lastSample = new Map<ServerId, StatusSample>();
  private readonly loops: Promise<void>[];
  private isEnding = false;
  private slowestLookMs = 0;

  constructor(
    { servers, dialect }: Pick<Cluster, 'servers' | 'dialect'>,
    private readonly now: () => RunMs,
  ) {
    this.servers = servers.map((address) => new Server(address, dialect));
    this.loops = this.servers.map((server) => this.watch(server));
  }

  /** The server's last status; undefined when it did not answer. */
  statusOf(server: ServerId): SeenStatus | undefined {
    return this.latest.get(server);
  }

  /** The longest time between two looks at a server that answers: by so much a change may be seen too late. */
  get blindMsMax(): number {
    return this.slowestLookMs;
  }

  async stop(): Promise<void> {
    this.isEnding = true;
    await Promise.all(this.loops);
    for (const server of this.servers) server.hangUp();
  }

  private async watch(server: Server): Promise<void> {
    let answeredAt: RunMs | null = null;
    while (!this.isEnding) {
      const status = await server.status(PATIENCE_MS[server.dialect]).catch(() => undefined);
      const at = this.now();
      if (status !== undefined && answeredAt !== null) {
        this.slowestLookMs = Math.max(this.slowestLookMs, at - answeredAt);
      }
      answeredAt = status === undefined ? null : at;
      this.latest.set(server.id, status);
      this.note(sampleOf(server.id, at, status, this.lastSample.get(server.id)));
      await sleep(LOOK_EVERY_MS);
    }
  }

  private note(sample: StatusSample): void {
    const last = this.lastSample.get(sample.server);
    if (last !== undefined && isSame(last, sample)) return;
    this.lastSample.set(sample.server, sample);
    this.samples.push(sample);
  }
}

/** Of a server that gives no answer, what it said last is noted once more, under no role. */
function sampleOf(
  server: ServerId,
  at: RunMs,
  status: SeenStatus | undefined,
  last: StatusSample | undefined,
): StatusSample {
  if (status === undefined) {
    const silent = { crashed: false, term: 0, leader: null, commitIndex: 0 };
    return { ...silent, ...last, server, at, role: 'none' };
  }
  const { crashed, term, leader, commitIndex } = status;
  const role = roles.find((known) => known === status.role) ?? 'follower';
  return { server, at, role, crashed, term, leader: leader === -1 ? null : leader, commitIndex };
}

function isSame(a: StatusSample, b: StatusSample): boolean {
  return (
    a.role === b.role &&
    a.crashed === b.crashed &&
    a.term === b.term &&
    a.leader === b.leader &&
    a.commitIndex === b.commitIndex
  );
}
