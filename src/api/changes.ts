import type { HttpCall } from '../http/httpCall.js';
import { ServiceError } from '../node/errors.js';
import { sendJson } from './jsonCall.js';
import { checkTimeout, InputError } from './keyValueInput.js';
import { answerError, queryOf } from './blocksHttp.js';
import type { Route } from './surfaces.js';

/** Clients that may wait at a time. */
const WAITING_MAX = 1_000;
/** How long a question waits unless it says otherwise. */
const TIMEOUT_MS = 30_000;

/** The replicated state, as far as it tells of changes of files. */
interface ChangingFiles {
  readonly lastApplied: number;
  readonly filesChangedAt: number;
  readonly epoch: { readonly current: number };
  onFilesChanged: (() => void) | undefined;
}

interface Waiter {
  readonly since: number;
  readonly call: HttpCall;
  /** Takes it out of the list. */
  readonly leave: () => void;
}

/**
 * `GET /changes?since=INDEX`: waits for a change of a file (docs/blocks.md). An update of a file costs nothing while
 * nobody waits, and one look at the list for all updates of a turn while somebody does.
 */
export class Changes implements Route {
  private readonly waiters = new Set<Waiter>();
  private isDue = false;

  constructor(
    private readonly state: ChangingFiles,
    private readonly requireRunning: () => void,
  ) {}

  /** Clients that wait. */
  get waiting(): number {
    return this.waiters.size;
  }

  matches(path: string): boolean {
    return path === '/changes';
  }

  handle(call: HttpCall): void {
    call.begin('changes', call.isRead ? 'GET' : 'unknown');
    if (!call.isRead) {
      call.text(405, 'Changes are asked for with GET.', { Allow: 'GET, HEAD' });
      return;
    }
    try {
      this.requireRunning();
      const query = queryOf(call);
      const since = sinceIn(query);
      const timeoutMs = timeoutIn(query);
      if (this.isAnswered(since)) this.answer(call, true);
      else this.wait(call, since, timeoutMs);
    } catch (error) {
      answerError(call, error);
    }
  }

  /** To be called when this server has gone down or come back: nobody waits on a server that is down. */
  reconsider(): void {
    try {
      this.requireRunning();
    } catch (error) {
      for (const { call, leave } of [...this.waiters]) {
        leave();
        answerError(call, error);
      }
    }
  }

  private wait(call: HttpCall, since: number, timeoutMs: number): void {
    if (this.waiters.size >= WAITING_MAX)
      throw new ServiceError(
        'overloaded',
        `${WAITING_MAX} clients wait for a change already; try again later`,
      );
    const leave = (): void => {
      clearTimeout(timer);
      this.waiters.delete(waiter);
      if (this.waiters.size === 0) this.state.onFilesChanged = undefined;
    };
    const waiter: Waiter = { since, call, leave };
    const timer = setTimeout(() => {
      leave();
      this.answer(call, this.isAnswered(since));
    }, timeoutMs);
    this.waiters.add(waiter);
    this.state.onFilesChanged = this.filesChanged;
    call.onHangUp(leave);
  }

  private readonly filesChanged = (): void => {
    if (this.isDue) return;
    this.isDue = true;
    setImmediate(() => {
      this.isDue = false;
      for (const { since, call, leave } of [...this.waiters]) {
        if (!this.isAnswered(since)) continue;
        leave();
        this.answer(call, true);
      }
    });
  };

  /** An index above this server's own is of a log that this server does not have, or not yet. */
  private isAnswered(since: number): boolean {
    return this.state.filesChangedAt > since || since > this.state.lastApplied;
  }

  private answer(call: HttpCall, changed: boolean): void {
    const { lastApplied: index, epoch } = this.state;
    sendJson(call, 200, { index, epoch: epoch.current, changed });
  }
}

/** @throws InputError */
function sinceIn(query: URLSearchParams): number {
  const text = query.get('since') ?? '';
  if (!/^\d{1,15}$/.test(text)) throw new InputError('since must be the index of the last answer, or 0');
  return Number(text);
}

/** @throws InputError */
function timeoutIn(query: URLSearchParams): number {
  const text = query.get('timeout_ms');
  return text === null ? TIMEOUT_MS : checkTimeout(/^\d+$/.test(text) ? Number(text) : NaN);
}
