import { setTimeout as sleep } from 'node:timers/promises';
import type { ServerAddress } from '../../src/config/clusterFile.js';
import type { Prng } from '../../src/sim/prng.js';
import type { RecordedCall, Results } from '../../src/verify/index.js';
import { KeyServer, type Change, type KeyCallLimits } from '../calls/keyServer.js';
import { certainlyNotDone, isLastWord } from '../calls/outcome.js';
import type { ServerId } from '../runRecord.js';
import type { ClientLog } from './clientLog.js';
import { RequestNumbers } from './requestNumbers.js';

/** Between two calls of one operation. */
const RETRY_MS = 50;

/** So often the leader is asked, as far as it is known; otherwise any server, which must serve as well. */
const LEADER_SHARE = 0.4;

interface KeyClientOptions extends KeyCallLimits {
  /** It goes on sending an operation for so long. */
  readonly retryMs: number;
  /** Who seems to lead. */
  readonly leader: () => ServerId | undefined;
  readonly prng: Prng;
}

type KeyKind = 'kvPut' | 'kvAppend' | 'kvGet';

/**
 * A client of the key/value service. A write that was not answered, or answered with an error, is sent again under the same request
 * id to whatever server, until it is known to be done or the client gives up: however often it was sent, it is one operation.
 */
export class KeyClient {
  private readonly servers: readonly KeyServer[];
  private readonly numbers = new RequestNumbers();
  private hasHungUp = false;

  constructor(
    readonly name: string,
    addresses: readonly ServerAddress[],
    private readonly log: ClientLog,
    private readonly options: KeyClientOptions,
  ) {
    this.servers = addresses.map((address) => new KeyServer(address));
  }

  async append(key: string, value: string): Promise<void> {
    const call = this.log.history.invoke(this.name, { kind: 'kvAppend', key, value });
    await this.write(call, key, { type: 'APPEND', value });
  }

  async put(key: string, value: readonly string[]): Promise<void> {
    const call = this.log.history.invoke(this.name, { kind: 'kvPut', key, value });
    await this.write(call, key, { type: 'PUT', value });
  }

  /** @returns whether it came to an answer */
  async get(key: string): Promise<boolean> {
    const call = this.log.history.invoke(this.name, { kind: 'kvGet', key });
    const end = await this.perform(call, async (server) => {
      const value = await server.get(key, this.options);
      return value === undefined ? {} : { value };
    });
    return end === 'done';
  }

  /** Gives up what it is waiting for, for good. */
  hangUp(): void {
    this.hasHungUp = true;
    for (const server of this.servers) server.hangUp();
  }

  private async write(call: RecordedCall<'kvPut' | 'kvAppend'>, key: string, change: Change): Promise<void> {
    const end = await this.perform(
      call,
      async (server) => {
        const name = this.numbers.current;
        if (name === undefined) throw new Error('a write needs a session');
        await server.change(key, change, name, this.options);
        return {};
      },
      (server) => this.openSession(server),
    );
    if (end !== 'done' && isLastWord(end.error)) this.numbers.isOver();
    else if (end === 'done' || end.mayBeDone) this.numbers.isUsed();
  }

  /** Unless there is one. */
  private async openSession(server: KeyServer): Promise<void> {
    if (this.numbers.current === undefined) this.numbers.isOpened(await server.openSession(this.options));
  }

  /** @param prepare comes before each call, and is no call of the operation: whatever becomes of it, nothing was done */
  private async perform<K extends KeyKind>(
    call: RecordedCall<K>,
    ask: (server: KeyServer) => Promise<Results[K]>,
    prepare: (server: KeyServer) => Promise<void> = () => Promise.resolve(),
  ): Promise<'done' | { readonly error: unknown; readonly mayBeDone: boolean }> {
    const givesUpAt = performance.now() + this.options.retryMs;
    let mayBeDone = false;
    for (;;) {
      let isPrepared = false;
      try {
        const server = this.choose();
        await prepare(server);
        isPrepared = true;
        const called = { operation: call.id, server: server.id, deadlineMs: this.options.deadlineMs };
        call.ok(await this.log.calls.make(called, () => ask(server)));
        return 'done';
      } catch (error) {
        mayBeDone ||= isPrepared && !certainlyNotDone(error);
        if (this.hasHungUp || isLastWord(error) || performance.now() >= givesUpAt) {
          const reason = error instanceof Error ? error.message : String(error);
          if (mayBeDone) call.unknown(reason);
          else call.fail(reason);
          return { error, mayBeDone };
        }
      }
      await sleep(RETRY_MS);
    }
  }

  private choose(): KeyServer {
    const { leader, prng } = this.options;
    const toLeader = prng.chance(LEADER_SHARE);
    const presumed = toLeader ? this.servers.find(({ id }) => id === leader()) : undefined;
    return presumed ?? prng.pick(this.servers);
  }
}
