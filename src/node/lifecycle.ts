import { ServiceError } from './errors.js';

/**
 * A server's life: `starting` until its storage is read, then `running`; `crashed` by the hook and
 * `restoring` until its storage is read again; `failed` when its storage or its own rules broke; `stopped`.
 */
export type LifecycleState = 'starting' | 'running' | 'crashed' | 'restoring' | 'failed' | 'stopped';

const allowed: Readonly<Record<LifecycleState, readonly LifecycleState[]>> = {
  starting: ['running', 'crashed', 'failed', 'stopped'],
  running: ['crashed', 'failed', 'stopped'],
  crashed: ['restoring', 'failed', 'stopped'],
  restoring: ['running', 'crashed', 'failed', 'stopped'],
  failed: ['stopped'],
  stopped: [],
};

/** The state and its epoch. Results of work begun in an earlier epoch (a request, a write, a load) are discarded. */
export class Lifecycle {
  private current: LifecycleState = 'starting';
  private currentEpoch = 0;

  get state(): LifecycleState {
    return this.current;
  }

  get epoch(): number {
    return this.currentEpoch;
  }

  /** Whether the crash hook holds the server down, or it is on its way back. */
  get isCrashed(): boolean {
    return this.current === 'crashed' || this.current === 'restoring';
  }

  /** Moves on when the state allows it; every move but the one to `running` begins a new epoch. */
  enter(next: LifecycleState): boolean {
    if (!allowed[this.current].includes(next)) return false;
    this.current = next;
    if (next !== 'running') this.currentEpoch += 1;
    return true;
  }

  /** @throws ServiceError that says why this server takes part in nothing */
  requireRunning(): void {
    switch (this.current) {
      case 'running':
        return;
      case 'crashed':
      case 'restoring':
        throw new ServiceError('crashed', 'this server is crashed; call restore to bring it back');
      case 'failed':
        throw new ServiceError('failed', 'this server has failed and serves no one; see its log');
      case 'starting':
        throw new ServiceError('stopped', 'this server is still starting');
      case 'stopped':
        throw new ServiceError('stopped', 'this server is shutting down');
    }
  }
}
