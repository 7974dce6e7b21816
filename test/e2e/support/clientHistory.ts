import { ClientError, type FileInfo } from '../../../src/client/index.js';
import {
  checkFiles,
  HistoryRecorder,
  type FileState,
  type RecordedCall,
  type Verdict,
} from '../../../src/verify/index.js';

export type FileMap = ReadonlyMap<string, FileInfo>;

/** How often clients were told what. */
export interface Figures {
  acknowledged: number;
  refused: number;
  failed: number;
  unknown: number;
  reads: number;
}

/** The clients' calls and their answers, recorded as they happen. */
export class ClientHistory {
  readonly figures: Figures = { acknowledged: 0, refused: 0, failed: 0, unknown: 0, reads: 0 };
  private readonly recorder = new HistoryRecorder(() => performance.now());
  /** The highest version of each file that any client was told of. */
  private readonly told = new Map<string, number>();
  private readonly toldAt: number[] = [];
  private writes = 0;

  /**
   * A read of the map; undefined when it ended without one.
   *
   * @throws Error when a version is lower than one that a client had been told of before
   */
  async read(client: string, ask: () => Promise<FileMap>): Promise<FileMap | undefined> {
    const floor = new Map(this.told);
    const call = this.recorder.invoke(client, { kind: 'readMap' });
    const map = await this.answerOf(call, ask);
    if (map === undefined) return undefined;
    call.ok({ files: Object.fromEntries([...map].map(([file, info]) => [file, stateOf(info)])) });
    this.figures.reads += 1;
    for (const [file, version] of floor) {
      const seen = map.get(file)?.version ?? 0;
      if (seen < version)
        throw new Error(`a read gave version ${seen} of "${file}" after version ${version} had been told`);
    }
    for (const [file, { version }] of map) this.note(file, version);
    return map;
  }

  /** An update to the next version, as far as anybody was told, with a content that no other update has. */
  async update(
    client: string,
    file: string,
    padding: string,
    ask: (version: number, hashes: string[]) => Promise<boolean>,
  ): Promise<void> {
    this.writes += 1;
    const version = (this.told.get(file) ?? 0) + 1;
    const hashes = [`write ${this.writes}`, padding];
    const content = contentOf(hashes);
    const call = this.recorder.invoke(client, { kind: 'update', file, version, content });
    const applied = await this.answerOf(call, () => ask(version, hashes));
    if (applied === undefined) return;
    call.ok({ applied });
    this.figures[applied ? 'acknowledged' : 'refused'] += 1;
    // After a refusal a read tells what the version is: somebody was faster, or an update without an answer was done.
    if (applied) this.note(file, version);
  }

  /** Whether there is one order in which all of this can have happened. */
  verdict(): Verdict {
    return checkFiles(this.recorder.operations());
  }

  /** The longest time in which no client was told of any version, within this stretch of time. */
  longestSilenceMs(from: number, to: number): number {
    const moments = [from, ...this.toldAt.filter((at) => at > from && at < to), to];
    return Math.max(...moments.slice(1).map((at, place) => at - (moments[place] ?? at)));
  }

  private async answerOf<T>(call: RecordedCall, ask: () => Promise<T>): Promise<T | undefined> {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof ClientError)) throw error;
      if (error.outcome === 'notDone') {
        call.fail(error.message);
        this.figures.failed += 1;
      } else {
        call.unknown(error.message);
        this.figures.unknown += 1;
      }
      return undefined;
    }
  }

  private note(file: string, version: number): void {
    this.told.set(file, Math.max(version, this.told.get(file) ?? 0));
    this.toldAt.push(performance.now());
  }
}

function stateOf({ version, hashList }: FileInfo): FileState {
  return { version, content: contentOf(hashList) };
}

/** Stands for a hash list in the history: its unique part, and how much is with it. */
function contentOf(hashList: unknown): string {
  const [unique, padding] = hashList as [string, string];
  return `${unique}, ${padding.length}`;
}
