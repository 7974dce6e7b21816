import { BlockCallError } from '../../../src/cli/blockCalls.js';
import { collectGarbage } from '../../../src/cli/collectBlocks.js';
import type { Prng } from '../../../src/sim/prng.js';
import { SimHost, type VirtualTime } from '../../../src/sim/simHost.js';
import type { SimBlocks } from './simBlocks.js';
import type { Wire } from './wire.js';

interface CollectorOptions {
  /** Pauses between collections, up to so long. */
  readonly pauseMaxMs: number;
  /** Collections that are killed on their way. */
  readonly kills: number;
  readonly servers: number;
}

/** A sweep may take any time; here it has so much. */
const SWEEP_MS = 20_000;
const STEP_MS = 5_000;
const LIFE_MAX_MS = 1_000;

/** Runs `surfstore blocks gc` again and again. No block is too young for it: the epoch alone protects clients. */
export class Collector {
  readonly counts = { collections: 0, failed: 0, killed: 0 };
  private isStopped = false;
  private current: SimHost | undefined;

  constructor(
    private readonly time: VirtualTime,
    private readonly wire: Wire,
    private readonly blocks: SimBlocks,
    private readonly random: Prng,
    private readonly options: CollectorOptions,
  ) {}

  start(): void {
    this.time.after(this.options.pauseMaxMs * this.random.next(), () => {
      if (this.isStopped) return;
      void this.collect(this.random.chance(this.options.kills)).then(() => this.start());
    });
  }

  stop(): void {
    this.isStopped = true;
  }

  get isAtWork(): boolean {
    return this.current !== undefined;
  }

  /** @returns whether every server was swept */
  async collect(isKilled: boolean): Promise<boolean> {
    const host = new SimHost(this.time, 1);
    this.current = host;
    const dead = new Promise<boolean>((resolve) => {
      if (!isKilled) return;
      this.time.after(LIFE_MAX_MS * this.random.next(), () => {
        if (this.current !== host) return;
        host.kill();
        this.counts.killed += 1;
        resolve(false);
      });
    });
    const isComplete = await Promise.race([this.run(host), dead]);
    if (this.current === host) this.current = undefined;
    return isComplete;
  }

  private async run(host: SimHost): Promise<boolean> {
    this.counts.collections += 1;
    try {
      const servers = Array.from({ length: this.options.servers }, (_, id) => ({
        id,
        host: '',
        port: 0,
        label: '',
      }));
      const swept = await collectGarbage(
        {
          step: async ({ id }, step) => {
            const { epoch } = (await this.ask(host, id, step, STEP_MS)) as { epoch: number };
            return epoch;
          },
          sweep: async ({ id }, sweep) => {
            const answer = await this.ask(host, id, { step: 'sweep', ...sweep }, SWEEP_MS);
            return answer as Awaited<ReturnType<Parameters<typeof collectGarbage>[0]['sweep']>>;
          },
        },
        servers,
        0,
      );
      return swept.every(({ problem }) => problem === undefined);
    } catch (error) {
      if (!(error instanceof BlockCallError)) throw error;
      this.counts.failed += 1;
      return false;
    }
  }

  private async ask(host: SimHost, server: number, body: object, ms: number): Promise<unknown> {
    const request = {
      method: 'POST',
      url: '/blocks/collection',
      body: Buffer.from(JSON.stringify(body)),
    } as const;
    const answer = await this.wire.ask(
      host,
      server,
      (process) => this.blocks.serve(server, process, request),
      ms,
    );
    if (answer === undefined || !('value' in answer))
      throw new BlockCallError(`server ${server} does not answer`);
    const { status, body: text } = answer.value;
    if (status !== 200) throw new BlockCallError(`server ${server}: ${text.toString()}`);
    return JSON.parse(text.toString());
  }
}
