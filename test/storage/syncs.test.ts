import { expect } from 'chai';
import { constants, readFileSync, readlinkSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { basename } from 'node:path';
import { LogStorage } from '../../src/storage/logStorage.js';
import { entriesOf } from '../support/coreHarness.js';
import { BatchWriter, snapshotUpTo } from './batchWriter.js';
import { identity, temporaryDirectories } from './dataDirectories.js';

type Operation = 'write' | 'sync';

/**
 * In what order files are written and synced. A power failure is not to be had in a test; what it could take away is decided by
 * this order.
 */
describe('what is synced, and when', () => {
  const newDirectory = temporaryDirectories();
  let events: string[] = [];
  let restore = (): void => undefined;

  before(async function () {
    if (process.platform !== 'linux') this.skip();
    restore = await watchFiles((event) => events.push(event));
  });
  after(() => restore());
  beforeEach(() => (events = []));

  it('a new directory: the log, all names in it, and only then whose it is', async () => {
    const directory = newDirectory();
    const storage = await LogStorage.open(directory, identity, { first: 512, max: 512 });
    const here = basename(directory);
    expect(withoutRepeats(events)).to.deep.equal([
      'write log-0000000001',
      'sync log-0000000001',
      // The name of the segment, that of the file `acknowledged`, that of the file `owner.new`, the end of the renaming, and the
      // segments that were deleted.
      `sync ${here}`,
      'write owner.new',
      'sync owner.new',
      `sync ${here}`,
    ]);
    expect(events.filter((event) => event === `sync ${here}`)).to.have.length(5);
    await new BatchWriter(storage).close();
  });

  it('a segment has its zeros, and its name, before the first group is written to it', async () => {
    const directory = newDirectory();
    const writer = new BatchWriter(await LogStorage.open(directory, identity, { first: 512, max: 512 }));
    events = [];
    for (let index = 1; index <= 20; index += 1) await writer.persist({ appended: entriesOf([1], index) });
    await writer.close();
    const first = events.indexOf('write log-0000000002');
    const synced = events.indexOf('sync log-0000000002');
    const named = events.indexOf(`sync ${basename(directory)}`, synced);
    const written = events.indexOf('write log-0000000002 durably', synced);
    expect(first).to.be.at.least(0);
    expect([first, synced, named, written]).to.deep.equal(
      [first, synced, named, written].sort((a, b) => a - b),
    );
  });

  it('a snapshot is written, and its name is durable, before anybody hears that it is staged', async () => {
    const directory = newDirectory();
    const writer = new BatchWriter(await LogStorage.open(directory, identity));
    await writer.persist({ appended: entriesOf([1, 1]) });
    events = [];
    await writer.stage(snapshotUpTo(1, 2));
    expect(events).to.deep.equal(['write snapshot-1 durably', `sync ${basename(directory)}`]);
    await writer.close();
  });

  it('a group is one write, to a file of which each write is durable when it ends', async () => {
    const directory = newDirectory();
    const writer = new BatchWriter(await LogStorage.open(directory, identity));
    events = [];
    await writer.persist({ hardState: { term: 1, votedFor: 0 }, appended: entriesOf([1, 1, 1]) });
    expect(events).to.deep.equal(['write log-0000000001 durably']);
    await writer.close();
  });
});

/** Calls back with each write and each sync of any file; gives what ends that. */
async function watchFiles(onEvent: (event: string) => void): Promise<() => void> {
  const probe = await open('/proc/self/fd', 'r');
  const prototype = Object.getPrototypeOf(probe) as Pick<FileHandle, 'write' | 'writeFile' | 'sync'>;
  await probe.close();
  const original = { write: prototype.write, writeFile: prototype.writeFile, sync: prototype.sync };
  const watched = (operation: Operation, method: (...args: never[]) => Promise<unknown>) =>
    function (this: FileHandle, ...args: never[]): Promise<unknown> {
      const path = basename(readlinkSync(`/proc/self/fd/${this.fd}`));
      onEvent(`${operation} ${path}${operation === 'write' && isDurable(this) ? ' durably' : ''}`);
      return method.apply(this, args);
    };
  Object.assign(prototype, {
    write: watched('write', original.write),
    writeFile: watched('write', original.writeFile),
    sync: watched('sync', original.sync),
  });
  return () => Object.assign(prototype, original);
}

/** Whether each write to the file is durable when it ends. */
function isDurable({ fd }: FileHandle): boolean {
  const [, flags = '0'] = /^flags:\s*(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8')) ?? [];
  return (parseInt(flags, 8) & constants.O_DSYNC) !== 0;
}

function withoutRepeats(events: readonly string[]): string[] {
  return events.filter((event, at) => event !== events[at - 1]);
}
