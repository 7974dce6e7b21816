import { expect } from 'chai';
import fc from 'fast-check';
import { refuseTooLarge } from '../../../src/api/commands.js';
import { encodeUpdateFile } from '../../../src/stateMachine/command.js';
import { encodeMessage } from '../../../src/transport/messageCodec.js';
import { bytesOnTheWire } from '../../../src/xmlrpc/text.js';
import { serializeMethodCall, XmlRpcClient, XmlRpcFault } from '../../../src/xmlrpc/index.js';
import { closeServers, startServer } from '../../support/xmlrpcServer.js';
import { Service } from './service.js';

const bodyBytesMax = 20_000;
const largest = Number.MAX_SAFE_INTEGER;

/** A leader's message to a follower with this one command, and the largest possible numbers. */
function peerMessage(command: string): string {
  return encodeMessage({
    type: 'appendEntries',
    from: largest,
    to: largest,
    term: largest,
    prevLogIndex: largest - 1,
    prevLogTerm: largest,
    entries: [{ term: largest, index: largest, kind: 'command', command }],
    leaderCommit: largest,
    hasQuorum: true,
    sequence: largest,
    readRound: largest,
  });
}

function peerBytes(command: string): number {
  return Buffer.byteLength(serializeMethodCall('surfstore.appendEntries', [peerMessage(command)]));
}

/** The text of the refusal, or undefined when the command is accepted. */
function refusal(command: string): string | undefined {
  try {
    refuseTooLarge(command, { bytesOnTheWire, bodyBytesMax });
    return undefined;
  } catch (error) {
    if (error instanceof XmlRpcFault && error.faultCode === -32602) return error.faultString;
    throw error;
  }
}

/** Characters that grow the most on one of the ways: quoted twice as JSON, escaped as XML, encoded as UTF-8. */
const growing = [
  '"',
  '\\',
  '<',
  '>',
  '&',
  '\r',
  '\n',
  '\t',
  'é',
  '€',
  '\u{1f600}',
  '\u2028',
  '\u007f',
  '\ufffe',
  '\uffff',
  'a',
];
/** Commands from far below the limit to far above it, each mostly of a few characters repeated. */
const commands = fc
  .tuple(
    fc.array(fc.constantFrom(...growing), { minLength: 1, maxLength: 4 }),
    fc.integer({ min: 100, max: bodyBytesMax }),
    fc.boolean(),
  )
  .map(([characters, length, inName]) => {
    const text = characters.join('').repeat(Math.ceil(length / characters.length));
    return inName ? encodeUpdateFile(text, 1, ['h']) : encodeUpdateFile('f', 1, [text, text.slice(0, 7)]);
  });

describe('api: the size of an update', () => {
  it('that is accepted fits into one request body of a peer, whatever characters it is made of', () => {
    let accepted = 0;
    fc.assert(
      fc.property(commands, (command) => {
        if (refusal(command) !== undefined) return;
        accepted += 1;
        expect(peerBytes(command)).to.be.at.most(bodyBytesMax);
      }),
      { numRuns: 800 },
    );
    expect(accepted).to.be.greaterThan(80);
  });

  it('that is refused leaves no room for the head of a message', () => {
    let refused = 0;
    fc.assert(
      fc.property(commands, (command) => {
        const text = refusal(command);
        if (text === undefined) return;
        refused += 1;
        expect(peerBytes(command)).to.be.greaterThan(bodyBytesMax - 4096);
      }),
      { numRuns: 800 },
    );
    expect(refused).to.be.greaterThan(80);
  });

  it('is refused no earlier than with 4 KiB of room left, for every kind of character', () => {
    for (const character of growing) {
      const lengths = { fits: 0, not: bodyBytesMax };
      while (lengths.not - lengths.fits > 1) {
        const middle = Math.floor((lengths.fits + lengths.not) / 2);
        const command = encodeUpdateFile('f', 1, [character.repeat(middle)]);
        if (refusal(command) === undefined) lengths.fits = middle;
        else lengths.not = middle;
      }
      const longest = encodeUpdateFile('f', 1, [character.repeat(lengths.fits)]);
      expect(peerBytes(longest), JSON.stringify(character)).to.be.within(bodyBytesMax - 4096, bodyBytesMax);
    }
  });

  it('is named in the refusal, with what is allowed', () => {
    expect(refusal('a'.repeat(30_000))).to.equal(
      'the command takes 30002 bytes in the log; at most 15904 are allowed',
    );
  });

  it('that is accepted is taken by the HTTP server of a peer with the same limit', async () => {
    const { port } = await startServer(() => true, { bodyBytesMax });
    const client = new XmlRpcClient({ host: '127.0.0.1', port });
    try {
      for (const character of growing) {
        let command = '';
        for (let length = 2500; ; length += 100) {
          const longer = encodeUpdateFile('f', 1, [character.repeat(length)]);
          if (refusal(longer) !== undefined) break;
          command = longer;
        }
        expect(peerBytes(command)).to.be.greaterThan(15_000);
        expect(await client.call('surfstore.appendEntries', [peerMessage(command)])).to.equal(true);
      }
    } finally {
      client.close();
      await closeServers();
    }
  });

  it('is looked at before the update gets into the log', async () => {
    const service = await Service.leading({ bodyBytesMax });
    const { lastIndex } = service.node.status.core;
    const fault = await service.fault('updatefile', 'f', 1, ['&'.repeat(4000)]);
    expect(fault.faultCode).to.equal(-32602);
    expect(fault.faultString).to.match(/^the command takes \d+ bytes in the log; at most 15904 are allowed$/);
    expect(service.node.status.core.lastIndex).to.equal(lastIndex);
    expect(await service.call('updatefile', 'f', 1, ['a'.repeat(4000)])).to.equal(true);
  });
});
