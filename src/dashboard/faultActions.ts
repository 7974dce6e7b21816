import type { RaftNode } from '../node/raftNode.js';
import type { PeerCaller } from './peerCaller.js';
import type { FaultAction, ServerSample } from './sample.js';

interface FaultActionsOptions {
  readonly self: number;
  /** The ids of all servers. */
  readonly servers: readonly number[];
  readonly node: Pick<RaftNode<unknown>, 'crash' | 'restore' | 'makeUnreachableFrom' | 'status'>;
  readonly peers: Pick<PeerCaller, 'call' | 'sampleOf'>;
}

/** The outcome of a button. */
interface ActionResult {
  /** Whether it was done, at least in part. */
  readonly isDone: boolean;
  /** For the person who pressed it. */
  readonly text: string;
  /** The servers that something was done to. */
  readonly changed: readonly number[];
}

/** The crash hooks of all servers, as buttons reach them through any one. */
export class FaultActions {
  /** Whom a server ignores is read and then written: one button at a time. */
  private last: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: FaultActionsOptions) {}

  /** Never rejects. */
  run(action: FaultAction, server: number): Promise<ActionResult> {
    const result = this.last.then(() => this.runNow(action, server));
    this.last = result;
    return result;
  }

  private async runNow(action: FaultAction, server: number): Promise<ActionResult> {
    try {
      switch (action) {
        case 'crash':
        case 'restore':
          await this.callOn(server, action);
          return {
            isDone: true,
            text: `server ${server} is ${action === 'crash' ? 'crashed' : 'restored'}`,
            changed: [server],
          };
        case 'isolate':
          return await this.isolate(server);
        case 'heal':
          return await this.heal(server);
      }
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return { isDone: false, text: `server ${server} does not answer: ${reason}`, changed: [] };
    }
  }

  /** A hook makes a server deaf to others; so both ends of each link are told. */
  private async isolate(server: number): Promise<ActionResult> {
    const others = this.othersOf(server);
    await this.ignore(server, others);
    return this.onOthers(server, 'cut off from', async (other) => {
      const ignored = await this.ignoredBy(other);
      await this.ignore(other, [...new Set([...ignored, server])]);
    });
  }

  private async heal(server: number): Promise<ActionResult> {
    await this.ignore(server, []);
    return this.onOthers(server, 'heard again by', async (other) => {
      const ignored = await this.ignoredBy(other);
      if (ignored.includes(server))
        await this.ignore(
          other,
          ignored.filter((id) => id !== server),
        );
    });
  }

  private async onOthers(
    server: number,
    what: string,
    act: (other: number) => Promise<void>,
  ): Promise<ActionResult> {
    const others = this.othersOf(server);
    const outcomes = await Promise.allSettled(others.map(act));
    const reached = others.filter((_other, position) => outcomes[position]?.status === 'fulfilled');
    const missed = others.filter((other) => !reached.includes(other));
    const reachedText = reached.length === 0 ? 'nobody' : reached.join(', ');
    const missedText = missed.length === 0 ? '' : `; ${missed.join(', ')} did not answer`;
    return {
      isDone: true,
      text: `server ${server}: ${what} ${reachedText}${missedText}`,
      changed: [server, ...reached],
    };
  }

  private othersOf(server: number): number[] {
    return this.options.servers.filter((id) => id !== server);
  }

  private async ignoredBy(server: number): Promise<readonly number[]> {
    const { self, node, peers } = this.options;
    if (server === self) return node.status.unreachableFrom;
    const { unreachableFrom }: ServerSample = await peers.sampleOf(server);
    return unreachableFrom;
  }

  private async ignore(server: number, ignored: readonly number[]): Promise<void> {
    const { self, node, peers } = this.options;
    if (server === self) node.makeUnreachableFrom(ignored);
    else await peers.call(server, 'makeUnreachableFrom', [ignored]);
  }

  private async callOn(server: number, hook: 'crash' | 'restore'): Promise<void> {
    const { self, node, peers } = this.options;
    if (server !== self) await peers.call(server, hook);
    else if (hook === 'crash') node.crash();
    else node.restore();
  }
}
