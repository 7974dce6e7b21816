import { expect } from 'chai';
import {
  checkFiles,
  fileMapModel,
  searchLinearization,
  type FileOperation,
} from '../../../src/verify/index.js';
import { read, readMap, readVersion, update } from './support/build.js';

/** Both checkers accept it. */
function accepted(...history: FileOperation[]): void {
  expect(checkFiles(history)).to.deep.equal({ ok: true });
  expect(searchLinearization(fileMapModel, history)).to.deep.equal({ ok: true });
}

/** Both checkers reject it; the file checker for this reason, showing these operations. */
function rejected(history: FileOperation[], reason: RegExp, shown: FileOperation[]): void {
  const verdict = checkFiles(history);
  expect(verdict.ok).to.equal(false);
  if (verdict.ok !== false) return;
  expect(verdict.reason).to.match(reason);
  expect(verdict.operations).to.have.members(shown);
  expect(searchLinearization(fileMapModel, history).ok).to.equal(false);
}

describe('histories of files that are linearizable', () => {
  it('nothing happened', () => {
    accepted();
  });

  it('one call after the other, each seeing what those before it did', () => {
    accepted(
      read([0, 1], 'a', 0),
      update([2, 3], 'a', 1, true),
      update([4, 5], 'a', 1, false),
      update([6, 7], 'a', 2, true),
      readVersion([8, 9], 'a', 2),
      readMap([10, 11], { a: 2 }),
    );
  });

  it('a read concurrent with an update may see either version', () => {
    accepted(update([0, 10], 'a', 1, true), read([2, 3], 'a', 0));
    accepted(update([0, 10], 'a', 1, true), read([2, 3], 'a', 1));
    accepted(update([0, 10], 'a', 1, true), read([2, 3], 'a', 0), read([4, 5], 'a', 1));
  });

  it('calls that touch at one instant are concurrent', () => {
    accepted(update([0, 10], 'a', 1, true), read([10, 12], 'a', 0));
    accepted(read([0, 10], 'a', 1), update([10, 12], 'a', 1, true));
  });

  it('everything at once: updates of several files, refusals and reads, all concurrent', () => {
    accepted(
      update([0, 100], 'a', 1, true),
      update([1, 99], 'a', 1, false),
      update([2, 98], 'a', 2, true),
      update([3, 97], 'b', 1, true),
      readMap([4, 96], { a: 1 }),
      readMap([5, 95], { a: 1, b: 1 }),
      read([6, 94], 'a', 0),
      readVersion([7, 93], 'b', 0),
    );
  });

  it('an update that failed left nothing behind', () => {
    accepted(update([0, 1], 'a', 1, 'failed'), read([2, 3], 'a', 0), update([4, 5], 'a', 1, true));
  });

  it('an unknown update may never take effect', () => {
    accepted(
      update([0, null], 'a', 1, 'unknown'),
      read([2, 3], 'a', 0),
      update([4, 5], 'a', 1, true, 'other'),
    );
  });

  it('an unknown update may take effect very late, long after its caller gave up', () => {
    accepted(
      update([0, 1], 'a', 1, 'unknown'),
      read([1000, 1001], 'a', 0),
      readMap([2000, 2001], {}),
      read([3000, 3001], 'a', 1),
    );
  });

  it('an unknown update that nobody saw may carry those above it', () => {
    accepted(update([0, null], 'a', 1, 'unknown'), update([5, 6], 'a', 2, true), readMap([7, 8], { a: 2 }));
  });

  it('of two unknown updates with the same content either may be the one that was seen', () => {
    accepted(
      update([50, null], 'a', 1, 'unknown', 'x'),
      update([0, null], 'a', 1, 'unknown', 'x'),
      read([10, 11], 'a', 1, 'x'),
    );
  });

  it('a refusal may be explained by an unknown update that took effect, or by one not yet made', () => {
    accepted(update([0, null], 'a', 1, 'unknown'), update([5, 6], 'a', 1, false));
    accepted(update([0, 10], 'a', 1, true), update([1, 2], 'a', 2, false), update([11, 12], 'a', 2, true));
  });

  it('a refusal is in order when the version is far off', () => {
    accepted(
      update([0, 1], 'a', 0, false),
      update([2, 3], 'a', -1, false),
      update([4, 5], 'a', 2, false),
      update([6, 7], 'a', 1e15, false),
    );
  });

  it('reads without an answer say nothing', () => {
    const lost = { ...read([0, 1], 'a', 9), outcome: { status: 'unknown' } } as const;
    const failed = { ...readMap([0, 1], { a: 9 }), outcome: { status: 'failed' } } as const;
    accepted(lost, failed);
  });

  it('files may be called anything', () => {
    accepted(update([0, 1], '__proto__', 1, true), update([2, 3], 'constructor', 1, true));
    accepted(
      update([0, 1], '__proto__', 1, true),
      readMap([2, 3], JSON.parse('{"__proto__":1}') as { a: 1 }),
    );
  });
});

describe('histories of files that are not linearizable', () => {
  it('a stale read: an acknowledged update is not seen by a later read', () => {
    const written = update([4, 5], 'a', 2, true);
    const stale = read([6, 7], 'a', 1);
    rejected([update([0, 1], 'a', 1, true), written, stale], /saw version 1 of "a" though invoked at 6/, [
      written,
      stale,
    ]);
  });

  it('a lost update: an acknowledged update is gone', () => {
    const written = update([0, 1], 'a', 1, true);
    const gone = readVersion([6, 7], 'a', 0);
    rejected([written, gone], /acknowledged .* but read .* saw version 0/, [written, gone]);
  });

  it('an acknowledged update is missing in a later map read', () => {
    const written = update([0, 1], 'a', 1, true);
    const map = readMap([6, 7], { b: 1 });
    rejected([written, update([0, 1], 'b', 1, true), map], /map read .* saw version 0 of "a"/, [
      written,
      map,
    ]);
  });

  it('a double success: two updates to one version are both applied', () => {
    const twice = [update([0, 10], 'a', 1, true, 'x'), update([0, 10], 'a', 1, true, 'x')];
    rejected(twice, /both acknowledged/, twice);
  });

  it('a failed update is seen', () => {
    const shown = [update([0, 1], 'a', 1, 'failed'), read([5, 6], 'a', 1)];
    rejected(shown, /reported as failed/, shown);
  });

  it('two reads see an update and then not', () => {
    const newer = read([10, 11], 'a', 1);
    const older = read([12, 13], 'a', 0);
    rejected(
      [update([0, 100], 'a', 1, true), newer, older],
      /read .* saw version 1 .* but read .* saw version 0/,
      [newer, older],
    );
  });

  it('an unknown update is seen and then not', () => {
    const newer = read([10, 11], 'a', 1);
    const older = readMap([12, 13], {});
    rejected([update([0, 1], 'a', 1, 'unknown'), newer, older], /though invoked at 12/, [newer, older]);
  });

  it('a read sees an update before it was made', () => {
    const early = read([0, 1], 'a', 1);
    const made = update([5, 6], 'a', 1, true);
    rejected([early, made], /invoked before 5/, [early, made]);
  });

  it('an update above is acknowledged before the one below was made', () => {
    const above = update([0, 1], 'a', 2, true);
    const below = update([5, null], 'a', 1, 'unknown');
    rejected([above, below], /acknowledged for version 2 .* no update .* version 1 .* invoked before 5/, [
      above,
      below,
    ]);
  });

  it('a version is acknowledged though nothing could have written the one below', () => {
    const above = update([5, 6], 'a', 3, true);
    rejected([update([0, 1], 'a', 1, true), above], /no update could have written version 2/, [above]);
    const seen = readVersion([5, 6], 'a', 3);
    rejected([update([0, 1], 'a', 1, true), update([0, 1], 'a', 3, 'unknown'), seen], /version 2/, [seen]);
  });

  it('an update to version 0 or below is acknowledged', () => {
    const wrong = update([0, 1], 'a', 0, true);
    rejected([wrong], /versions start at 1/, [wrong]);
  });

  it('a read sees what was never written', () => {
    const seen = read([5, 6], 'a', 1, 'never');
    rejected([update([0, null], 'a', 1, 'unknown'), seen], /no update could have written what was seen/, [
      seen,
    ]);
  });

  it('a read sees another content than the acknowledged one', () => {
    const written = update([0, 1], 'a', 1, true, 'x');
    const seen = read([5, 6], 'a', 1, 'y');
    rejected([written, update([0, 1], 'a', 1, 'unknown', 'y'), seen], /another content/, [written, seen]);
  });

  it('two reads see two contents of one version', () => {
    const reads = [read([5, 6], 'a', 1, 'x'), read([7, 8], 'a', 1, 'y')];
    const open = [update([0, null], 'a', 1, 'unknown', 'x'), update([0, null], 'a', 1, 'unknown', 'y')];
    rejected([...open, ...reads], /two different contents/, reads);
  });

  it('a map read mixes two moments: the older state of one file with a newer one of another', () => {
    const first = update([0, 1], 'a', 1, true);
    const mixed = readMap([0, 10], { b: 1 });
    const second = update([5, 6], 'b', 1, true);
    rejected(
      [first, second, mixed],
      /but no update that can have written version 1 of "b" was invoked before 5/,
      [first, second, mixed],
    );
  });

  it('two map reads each see something newer than the other', () => {
    const maps = [readMap([0, 10], { a: 1 }), readMap([0, 10], { b: 1 })];
    rejected(
      [update([0, 10], 'a', 1, true), update([0, 10], 'b', 1, true), ...maps],
      /cannot be put in order/,
      maps,
    );
  });

  it('a map read puts an update of one file before that of another, and two single reads see the contrary', () => {
    const late = read([20, 21], 'a', 0);
    const early = read([10, 11], 'b', 1);
    const map = readMap([0, 100], { a: 1 });
    const updates = [update([0, 100], 'a', 1, true), update([0, 100], 'b', 1, true)];
    rejected([...updates, early, late, map], /and map read .* saw version 1 of "a" with version 0 of "b"/, [
      early,
      late,
      map,
    ]);
  });

  it('a refusal without cause: the version was the next one during the whole call', () => {
    const refused = update([5, 6], 'a', 1, false);
    rejected([refused], /no update could have written that version/, [refused]);
    const later = update([7, 8], 'a', 1, true);
    rejected([refused, later], /invoked before 7/, [refused, later]);
    const before = update([0, 1], 'a', 1, true);
    const second = update([5, 6], 'a', 2, false);
    rejected([before, second], /acknowledged .* was refused without cause/, [before, second]);
  });

  it('refusals that hang together: the one needs an update late that the other needs early', () => {
    const open = update([0, null], 'a', 1, 'unknown');
    const early = update([10, 11], 'a', 1, false);
    const late = update([20, 21], 'a', 2, false);
    rejected([open, early, late], /was refused without cause/, [early, late]);
  });

  it('what a read saw rules out other updates to the version, and is then part of what shows the violation', () => {
    const ruledOut = update([0, null], 'a', 1, 'unknown', 'x');
    const writer = update([50, null], 'a', 1, 'unknown', 'y');
    const early = readVersion([10, 11], 'a', 1);
    const witness = read([60, 61], 'a', 1, 'y');
    rejected([ruledOut, writer, early, witness], /no update that can have written .* before 50/, [
      writer,
      early,
      witness,
    ]);
  });

  it('a failed update explains no refusal', () => {
    const refused = update([5, 6], 'a', 1, false);
    rejected([update([0, 1], 'a', 1, 'failed'), refused], /refused without cause/, [refused]);
  });

  it('a read answers what no file can be', () => {
    const noContent = {
      ...read([0, 1], 'a', 1),
      outcome: { status: 'ok', version: 1, content: null },
    } as const;
    rejected([update([0, 1], 'a', 1, true), noContent], /no file can be/, [noContent]);
  });
});
