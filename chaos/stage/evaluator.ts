import type { Cluster } from '../cluster/cluster.js';
import { Client } from '../clients/client.js';
import type { ClientLog } from '../clients/clientLog.js';
import type { FaultControl } from '../faults/faultControl.js';
import type { Note } from '../notes.js';
import type { RunMs, ServerId } from '../runRecord.js';

const PATIENCE = { patienceMs: 3_000, retryMs: 2_000 };
const ONE_TRY = { patienceMs: 3_000, retryMs: 0 };

/** Writes down statuses, and makes single calls and writes down what came of them. */
export class Evaluator {
  readonly notes: Note[] = [];
  private readonly client: Client;

  constructor(
    private readonly cluster: Pick<Cluster, 'servers' | 'dialect'>,
    private readonly control: FaultControl,
    private readonly log: ClientLog,
    private readonly fileNamed: (name: string) => string,
    /** All files of the run: a read that left out some would look like one that did not see them. */
    private readonly files: readonly string[],
    private readonly now: () => RunMs,
  ) {
    this.client = new Client('evaluation', cluster, log, PATIENCE);
  }

  async show(title: string, about: string): Promise<void> {
    const statuses = await Promise.all(
      this.control.servers.map((server) => server.status().catch(() => undefined)),
    );
    this.notes.push({ kind: 'statuses', at: this.now(), title, about, statuses });
  }

  async put(name: string): Promise<void> {
    const file = this.fileNamed(name);
    const version = (this.client.known.get(file) ?? 0) + 1;
    const applied = await this.client.update(file);
    this.noteCall(`updatefile("${name}", ${version})`, applied === undefined ? undefined : String(applied));
  }

  /** @param at ask this server alone */
  async get(name: string, at?: ServerId): Promise<void> {
    const file = this.fileNamed(name);
    const { servers, dialect } = this.cluster;
    const address = at === undefined ? undefined : servers[at];
    const alone = { servers: address === undefined ? [] : [address], dialect };
    const client = address === undefined ? this.client : new Client('evaluation', alone, this.log, ONE_TRY);
    const files = await client.read(this.files);
    const state = files?.[file];
    const answer = state === undefined ? 'not there' : `version ${state.version}, ${state.content}`;
    this.noteCall(`getfileinfomap()["${name}"]`, files === undefined ? undefined : answer);
    if (client !== this.client) client.hangUp();
  }

  close(): void {
    this.client.hangUp();
  }

  /** @param answer undefined: what the history says of the call, which is the last one there */
  private noteCall(call: string, answer: string | undefined): void {
    const operation = this.log.operations().findLast(({ client }) => client === 'evaluation');
    const outcome = operation?.outcome;
    const reason = outcome !== undefined && 'reason' in outcome ? outcome.reason : undefined;
    this.notes.push({
      kind: 'call',
      at: this.now(),
      call,
      outcome: answer ?? `no result: ${reason ?? 'unknown'}`,
      server: operation?.server ?? null,
    });
  }
}
