import type { Caller } from './caller.js';

/** One message of a line connection, from its arrival to its answer. */
export class WaitingLine implements Caller {
  private state: 'waiting' | 'settled' | 'hung up' = 'waiting';
  private listeners: (() => void)[] = [];

  /** @param report told of what a listener throws */
  constructor(private readonly report: (error: unknown) => void) {}

  onHangUp(listener: () => void): void {
    if (this.state === 'hung up') this.notify(listener);
    else if (this.state === 'waiting') this.listeners.push(listener);
  }

  /** The message is answered: no listener is called any more. */
  settle(): void {
    this.state = 'settled';
    this.listeners = [];
  }

  /** The connection is gone; does nothing when the message was answered before. */
  hangUp(): void {
    if (this.state !== 'waiting') return;
    this.state = 'hung up';
    const listeners = this.listeners;
    this.listeners = [];
    for (const listener of listeners) this.notify(listener);
  }

  private notify(listener: () => void): void {
    try {
      listener();
    } catch (error) {
      this.report(error);
    }
  }
}
