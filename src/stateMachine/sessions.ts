import type { CommandResult, RequestId } from './command.js';
import { CopyOnWriteMap } from './copyOnWriteMap.js';
import { fingerprint } from './fingerprint.js';
import { recordsFrom, type PartLoader, type StatePart } from './statePart.js';
import { SnapshotError } from './stateMachine.js';

/** Clients that are remembered: those whose requests are the last ones in the log. The same number on every server. */
export const SESSIONS_MAX = 50_000;

interface Session {
  /** The client's last request. */
  readonly sequence: number;
  readonly result: CommandResult;
  /** Of the command, so that a request id is not taken for a retry when it comes with another one. */
  readonly print: number;
  /** Index of the entry that used it last; no two sessions have the same. */
  readonly usedAt: number;
}

/** A record of a snapshot: client, then the fields of its session. */
export interface SessionRecord {
  readonly s: readonly [string, number, CommandResult, number, number];
}

/** One request at one place of the log. */
export interface NumberedRequest {
  readonly request: RequestId;
  /** The text of the command in the log. */
  readonly text: string;
  /** Index of the entry. */
  readonly index: number;
}

/**
 * What makes a retry harmless (section 8; dissertation section 6.3): of each client the last request and what became of
 * it. A request that is found here is answered from here. A client that was silent for so long that
 * {@link SESSIONS_MAX} others came after it is forgotten, by the order of the log and so by all servers alike; its next
 * request is refused unless it begins anew at 1.
 */
export class Sessions implements StatePart<SessionRecord> {
  private clients = new CopyOnWriteMap<Session>();
  /** Goes through the clients from the longest silent on; whoever is used again moves behind its reach. */
  private oldest: Iterator<readonly [string, Session]> | undefined;

  constructor(private readonly sessionsMax: number = SESSIONS_MAX) {}

  get size(): number {
    return this.clients.size;
  }

  /** The result of the request: of `run`, or remembered from when it first came. */
  once({ request, text, index }: NumberedRequest, run: () => CommandResult): CommandResult {
    const { clientId, sequence } = request;
    const known = this.clients.get(clientId);
    if (known === undefined && sequence !== 1) return 'sessionExpired';
    if (known !== undefined && sequence < known.sequence) return 'stale';
    const print = fingerprint(text);
    const isRetry = known?.sequence === sequence;
    if (isRetry && known.print !== print) return 'reused';
    const result = isRetry ? known.result : run();
    this.remember(clientId, { sequence, result, print, usedAt: index });
    return result;
  }

  records(): Iterator<unknown> {
    return recordsFrom(this.clients.freeze(), (client, { sequence, result, print, usedAt }) => [
      { s: [client, sequence, result, print, usedAt] } satisfies SessionRecord,
    ]);
  }

  load(): PartLoader<SessionRecord> {
    const loaded = new Map<string, Session>();
    return {
      add: ({ s: fields }) => {
        const [client, session] = sessionOf(fields);
        if (loaded.has(client)) throw new SnapshotError('a client is in the snapshot twice');
        loaded.set(client, session);
      },
      install: () => {
        // Records come in no particular order; who is forgotten first must be the same as everywhere else.
        const inOrder = [...loaded].sort(([, a], [, b]) => a.usedAt - b.usedAt);
        this.clients = new CopyOnWriteMap();
        this.oldest = undefined;
        for (const [client, session] of inOrder) this.clients.set(client, session);
      },
    };
  }

  private remember(clientId: string, session: Session): void {
    this.clients.delete(clientId);
    this.clients.set(clientId, session);
    if (this.clients.size > this.sessionsMax) this.forgetOldest();
  }

  private forgetOldest(): void {
    this.oldest ??= this.clients.entries();
    const step = this.oldest.next();
    if (step.done !== true) this.clients.delete(step.value[0]);
  }
}

function sessionOf(fields: unknown): [string, Session] {
  const [client, sequence, result, print, usedAt] = Array.isArray(fields)
    ? (fields as readonly unknown[])
    : [];
  const isSession =
    typeof client === 'string' &&
    typeof result === 'string' &&
    [sequence, print, usedAt].every(Number.isSafeInteger);
  if (!isSession) throw new SnapshotError('a record of the snapshot is no session');
  return [
    client,
    {
      sequence: sequence as number,
      result: result as CommandResult,
      print: print as number,
      usedAt: usedAt as number,
    },
  ];
}
