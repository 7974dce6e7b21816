import { expect } from 'chai';
import fc from 'fast-check';
import type { AppendEntries, Entry } from '../../../src/raft/types.js';
import { decodeRequest, messageXml } from '../../../src/transport/messageCodec.js';
import { parseMethodCall, serializeValuePieces } from '../../../src/xmlrpc/index.js';
import { methodCallBody } from '../../../src/xmlrpc/writer.js';

const LARGE = 64 * 1024;

function appendOf(to: number, entries: readonly Entry[]): AppendEntries {
  return {
    type: 'appendEntries',
    from: 0,
    to,
    term: 3,
    prevLogIndex: 6,
    prevLogTerm: 1,
    entries,
    leaderCommit: 6,
    hasQuorum: true,
    sequence: 9,
    readRound: 2,
  };
}

function entriesOf(commands: readonly string[]): Entry[] {
  return commands.map((command, k) => ({ term: 2, index: 7 + k, kind: 'command', command }));
}

function received(message: AppendEntries): unknown {
  const body = Buffer.concat(methodCallBody('m', [messageXml(message)])).toString();
  const [text] = parseMethodCall(body).params as string[];
  return decodeRequest(text ?? '');
}

/** The pieces of the parameter that are bytes. */
function shared(message: AppendEntries): Uint8Array[] {
  return [...serializeValuePieces(messageXml(message))].filter((piece) => typeof piece !== 'string');
}

describe('messages as parameters', () => {
  it('arrive as they were sent, whatever is in their commands and however large these are', () => {
    const command = fc
      .tuple(fc.string({ unit: 'binary' }), fc.boolean())
      .map(([text, isLarge]) => (isLarge ? text + '<"&\u{1f600}\ufffe'.repeat(LARGE / 7) : text));
    fc.assert(
      fc.property(fc.array(command, { maxLength: 4 }), (commands) => {
        const message = appendOf(1, entriesOf(commands));
        expect(received(message)).to.deep.equal(message);
      }),
      { numRuns: 50 },
    );
  });

  it('share the bytes of a large entry, and of no small one', () => {
    const entries = entriesOf(['small', 'x'.repeat(LARGE), 'small too']);
    const [toOne, toAnother] = [1, 2].map((to) => shared(appendOf(to, entries)));
    expect(toOne).to.have.length(1);
    expect(toAnother?.[0]).to.equal(toOne?.[0]);
    expect(shared(appendOf(1, entriesOf(['small', 'small too'])))).to.deep.equal([]);
  });
});
