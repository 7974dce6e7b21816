import { Gauge, type Registry } from 'prom-client';
import type { BlockUsage } from '../blocks/blockStore.js';
import type { BlockEvents } from '../blocks/clusterBlocks.js';
import { CheapCounters, type CheapCounter } from './tallies.js';

/** The counters of blocks: a listener to their events, and a look at the store of this server. */
export class BlockMetrics implements BlockEvents {
  readonly read: BlockEvents['read'];
  private readonly storedBlocks: CheapCounter;
  private readonly storedBytes: CheapCounter;
  private readonly singleCopies: CheapCounter;
  private readonly repairs: CheapCounter;
  private readonly collectedBlocks: CheapCounter;
  private readonly collectedBytes: CheapCounter;

  constructor(private readonly registry: Registry) {
    const counter = (name: string, help: string): CheapCounter =>
      new CheapCounters({ name: `surfstore_${name}`, help }, registry).labels();
    this.storedBlocks = counter('blocks_stored_total', 'Blocks that clients stored through this server');
    this.storedBytes = counter('block_bytes_stored_total', 'Bytes of blocks stored through this server');
    this.singleCopies = counter(
      'blocks_stored_once_total',
      'Blocks stored through this server of which there was one copy, other servers being down',
    );
    this.repairs = counter(
      'blocks_repaired_total',
      'Copies of blocks that this server gave back to a server that should have them, itself included',
    );
    this.collectedBlocks = counter('blocks_collected_total', 'Blocks that garbage collections removed here');
    this.collectedBytes = counter(
      'block_bytes_collected_total',
      'Bytes that garbage collections removed here',
    );
    const reads = new CheapCounters(
      {
        name: 'surfstore_block_reads_total',
        help: 'Blocks that clients asked this server for, by where it found them',
        labelNames: ['source'],
      },
      registry,
    );
    const sources = { own: reads.labels('own'), peer: reads.labels('peer'), none: reads.labels('none') };
    this.read = (source) => sources[source].inc();
  }

  /** Adds gauges for the store of this server, the epoch, and the clients that wait for a change. To be called once. */
  watch(usage: () => Promise<BlockUsage>, epoch: () => number, waiting: () => number): void {
    const { registry } = this;
    const gauge = (name: string, help: string, read: () => number | Promise<number>): void => {
      new Gauge({
        name: `surfstore_${name}`,
        help,
        registers: [registry],
        async collect() {
          this.set(await read());
        },
      });
    };
    gauge('blocks', 'Blocks in the store of this server', async () => (await usage()).blocks);
    gauge(
      'block_bytes',
      'Bytes of the blocks in the store of this server',
      async () => (await usage()).bytes,
    );
    gauge(
      'blocks_damaged',
      'Blocks found damaged and set aside since the start of this server',
      async () => (await usage()).damaged,
    );
    gauge('blocks_epoch', 'Epoch of the garbage collection in the applied state', epoch);
    gauge('changes_waiting', 'Clients that wait for a change of a file', waiting);
  }

  readonly stored = (bytes: number, copies: number): void => {
    this.storedBlocks.inc();
    this.storedBytes.inc(bytes);
    if (copies === 1) this.singleCopies.inc();
  };

  readonly repaired = (): void => this.repairs.inc();

  readonly collected = (blocks: number, bytes: number): void => {
    this.collectedBlocks.inc(blocks);
    this.collectedBytes.inc(bytes);
  };
}
