import { isCommandResult, SINGLE, type CommandResult, type RequestId } from './command.js';
import { fingerprint } from './fingerprint.js';
import { RecentlyUsed } from './recentlyUsed.js';
import { chained, recordsFrom, type PartLoader, type StatePart } from './statePart.js';
import { SnapshotError } from './stateMachine.js';

/** Clients, and single requests, that are remembered: those that are the last ones in the log. The same number on every server. */
export const SESSIONS_MAX = 50_000;

interface Session {
  /** The client's last request; {@link SINGLE} for a request with a name of its own. */
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
 * request is refused unless it begins anew at 1. Requests with a name of their own are kept apart: however many there are,
 * no client is forgotten for them.
 */
export class Sessions implements StatePart<SessionRecord> {
  private clients: RecentlyUsed<Session>;
  private singles: RecentlyUsed<Session>;

  constructor(private readonly sessionsMax: number = SESSIONS_MAX) {
    this.clients = new RecentlyUsed(sessionsMax);
    this.singles = new RecentlyUsed(sessionsMax);
  }

  get size(): number {
    return this.clients.size + this.singles.size;
  }

  /** The result of the request: of `run`, or remembered from when it first came. */
  once({ request, text, index }: NumberedRequest, run: () => CommandResult): CommandResult {
    const { clientId, sequence } = request;
    const table = sequence === SINGLE ? this.singles : this.clients;
    const known = table.get(clientId);
    if (known === undefined && sequence > 1) return 'sessionExpired';
    if (known !== undefined && sequence < known.sequence) return 'stale';
    const print = fingerprint(text);
    const isRetry = known?.sequence === sequence;
    if (isRetry && known.print !== print) return 'reused';
    const result = isRetry ? known.result : run();
    table.use(clientId, { sequence, result, print, usedAt: index });
    return result;
  }

  records(): Iterator<unknown> {
    const toRecords = (client: string, { sequence, result, print, usedAt }: Session): SessionRecord[] => [
      { s: [client, sequence, result, print, usedAt] },
    ];
    return chained([
      recordsFrom(this.clients.freeze(), toRecords),
      recordsFrom(this.singles.freeze(), toRecords),
    ]);
  }

  load(): PartLoader<SessionRecord> {
    const clients = new Map<string, Session>();
    const singles = new Map<string, Session>();
    return {
      add: ({ s: fields }) => {
        const [client, session] = sessionOf(fields);
        const table = session.sequence === SINGLE ? singles : clients;
        if (table.has(client)) throw new SnapshotError('a client is in the snapshot twice');
        table.set(client, session);
      },
      install: () => {
        this.clients = inOrder(clients, this.sessionsMax);
        this.singles = inOrder(singles, this.sessionsMax);
      },
    };
  }
}

/** Records come in no particular order; who is forgotten first must be the same as everywhere else. */
function inOrder(sessions: ReadonlyMap<string, Session>, sessionsMax: number): RecentlyUsed<Session> {
  const table = new RecentlyUsed<Session>(sessionsMax);
  for (const [client, session] of [...sessions].sort(([, a], [, b]) => a.usedAt - b.usedAt))
    table.use(client, session);
  return table;
}

function sessionOf(fields: unknown): [string, Session] {
  const [client, sequence, result, print, usedAt] = Array.isArray(fields)
    ? (fields as readonly unknown[])
    : [];
  const isSession =
    typeof client === 'string' &&
    isCommandResult(result) &&
    [sequence, print, usedAt].every(Number.isSafeInteger);
  if (!isSession) throw new SnapshotError('a record of the snapshot is no session');
  return [client, { sequence: sequence as number, result, print: print as number, usedAt: usedAt as number }];
}
