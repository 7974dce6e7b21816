import type { Entry } from '../raft/types.js';
import { ChunkReader, recordsOf, chained } from './statePart.js';
import {
  decodeCommand,
  openedSession,
  type KeyValueChange,
  type ChangeResult,
  type CommandResult,
  type UpdateFile,
} from './command.js';
import { CollectionEpoch, type EpochRecord } from './collectionEpoch.js';
import { FileMetadata } from './fileMetadata.js';
import { KeyValue, type KeyRecord } from './keyValue.js';
import { Sessions, type SessionRecord } from './sessions.js';
import {
  SnapshotError,
  type SnapshotLoader,
  type SnapshotReader,
  type StateMachine,
} from './stateMachine.js';

/**
 * The replicated state: the files, the keys, the sessions of the clients that change them, and the epoch of the garbage
 * collection of blocks.
 */
export class ServiceState implements StateMachine<CommandResult> {
  readonly files = new FileMetadata();
  readonly keys = new KeyValue();
  readonly sessions: Sessions;
  readonly epoch = new CollectionEpoch();
  /** Called after the files have changed; for somebody who waits for that. */
  onFilesChanged: (() => void) | undefined;
  private applied = 0;
  private filesAt = 0;

  /** @param sessionsMax sessions that are remembered; the same on all servers */
  constructor(sessionsMax?: number) {
    this.sessions = new Sessions(sessionsMax);
  }

  get lastApplied(): number {
    return this.applied;
  }

  /** Index of the last entry that changed a file, or of the snapshot that was loaded since. */
  get filesChangedAt(): number {
    return this.filesAt;
  }

  /** The memory of files and keys, counted alike on all servers. Sessions have a limit of their own. */
  get bytes(): number {
    return this.files.bytes + this.keys.bytes;
  }

  /** By how much the command would change {@link bytes}, were it applied now; 0 for a text that is no change. */
  growthBy(text: string): number {
    const command = decodeCommand(text);
    if (command === undefined || command.type === 'openSession' || command.type === 'raiseEpoch') return 0;
    return command.type === 'updateFile' ? this.files.growthBy(command) : this.keys.growthBy(command);
  }

  apply(entry: Entry): CommandResult {
    this.applied = entry.index;
    if (entry.kind !== 'command') return 'none';
    const command = decodeCommand(entry.command);
    if (command === undefined) return 'none';
    if (command.type === 'openSession') return openedSession(this.sessions.open(entry.index));
    if (command.type === 'raiseEpoch') return this.epoch.raise(command);
    const { request } = command;
    if (request === undefined) return this.run(command);
    return this.sessions.once({ request, text: entry.command, index: entry.index }, () => this.run(command));
  }

  snapshot(chunkChars: number): SnapshotReader {
    const records = chained([
      this.files.records(),
      this.keys.records(),
      this.sessions.records(),
      this.epoch.records(),
    ]);
    return new ChunkReader(records, chunkChars);
  }

  load(): SnapshotLoader {
    const files = this.files.load();
    const keys = this.keys.load();
    const sessions = this.sessions.load();
    const epoch = this.epoch.load();
    return {
      add: (chunk) => {
        for (const record of recordsOf(chunk)) {
          if (Array.isArray(record)) files.add(record);
          else if (hasOneOf(record, 'k', 'more')) keys.add(record as KeyRecord);
          else if (hasOneOf(record, 's', 'n')) sessions.add(record as SessionRecord);
          else if (hasOneOf(record, 'epoch')) epoch.add(record as EpochRecord);
          else throw new SnapshotError('a record of the snapshot is of an unknown kind');
        }
      },
      install: (lastApplied) => {
        files.install();
        keys.install();
        sessions.install();
        epoch.install();
        this.applied = lastApplied;
        this.filesChanged();
      },
    };
  }

  private run(command: KeyValueChange): ChangeResult {
    switch (command.type) {
      case 'updateFile':
        return this.update(command);
      case 'kvPut':
        return this.keys.put(command);
      case 'kvAppend':
        return this.keys.append(command);
      case 'kvDelete':
        return this.keys.delete(command);
    }
  }

  private update(command: UpdateFile): ChangeResult {
    if (command.epoch !== undefined && command.epoch !== this.epoch.current) return 'epochMoved';
    const result = this.files.update(command);
    if (result === 'applied') this.filesChanged();
    return result;
  }

  private filesChanged(): void {
    this.filesAt = this.applied;
    this.onFilesChanged?.();
  }
}

/** Whether the record has one of these members, which is all that tells its kind; its part checks the rest. */
function hasOneOf(record: unknown, ...members: readonly string[]): boolean {
  return typeof record === 'object' && record !== null && members.some((member) => member in record);
}
