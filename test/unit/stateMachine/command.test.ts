import { expect } from 'chai';
import fc from 'fast-check';
import {
  decodeCommand,
  encodeAppend,
  encodeCommand,
  encodeOpenSession,
  encodePut,
  encodeUpdateFile,
  isCommandResult,
  sessionIn,
  type KeyValueChange,
  type Command,
  type HashList,
  type JsonValue,
  type RequestId,
} from '../../../src/stateMachine/command.js';
import { ServiceState } from '../../../src/stateMachine/serviceState.js';
import { anyText } from '../../support/xmlrpcArbitraries.js';
import { applyTexts } from './serviceStates.js';

const jsonValue = fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as JsonValue);
const request: fc.Arbitrary<RequestId | undefined> = fc.option(
  fc.record({ clientId: anyText, sequence: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }) }),
  { nil: undefined },
);

/** The command, with the request id if there is one. */
function of(command: KeyValueChange, id: RequestId | undefined): Command {
  return id === undefined ? command : { ...command, request: id };
}

const hashList = jsonValue.filter((value) => value !== null) as fc.Arbitrary<HashList>;

describe('commands', () => {
  it('are read from the log as they were written', () => {
    const version = fc.maxSafeInteger().map((number) => number + 0);
    fc.assert(
      fc.property(anyText, version, hashList, request, (name, number, hashes, id) => {
        expect(decodeCommand(encodeUpdateFile(name, number, hashes, id))).to.deep.equal(
          of({ type: 'updateFile', name, version: number, hashList: hashes }, id),
        );
      }),
    );
    fc.assert(
      fc.property(anyText, jsonValue, request, (key, value, id) => {
        expect(decodeCommand(encodePut(key, value, id))).to.deep.equal(of({ type: 'kvPut', key, value }, id));
      }),
    );
    fc.assert(
      fc.property(anyText, fc.array(jsonValue), request, (key, items, id) => {
        expect(decodeCommand(encodeAppend(key, items, id))).to.deep.equal(
          of({ type: 'kvAppend', key, items }, id),
        );
      }),
    );
  });

  it('that open a session have nothing in them', () => {
    expect(encodeOpenSession()).to.equal('{"type":"openSession"}');
    expect(decodeCommand(encodeOpenSession())).to.deep.equal({ type: 'openSession' });
  });

  it('have results that can be told from each other as text', () => {
    expect(
      ['applied', 'sessionExpired', 'opened:1', 'opened:9007199254740991'].map(isCommandResult),
    ).to.deep.equal([true, true, true, true]);
    for (const other of [
      '',
      'opened',
      'opened:',
      'opened:0',
      'opened:x',
      'opened:1 ',
      'opened:-1',
      1,
      null,
      {},
    ])
      expect(isCommandResult(other), JSON.stringify(other)).to.equal(false);
    expect(sessionIn('opened:17')).to.equal('17');
    expect(sessionIn('applied')).to.equal(undefined);
  });

  it('are written again as the same text, so that a retry is known by it', () => {
    fc.assert(
      fc.property(anyText, fc.array(jsonValue), request, (key, items, id) => {
        const text = encodeAppend(key, items, id);
        const command = decodeCommand(text);
        expect(command === undefined ? undefined : encodeCommand(command)).to.equal(text);
        expect(
          encodeAppend(key, items, id === undefined ? id : { sequence: id.sequence, clientId: id.clientId }),
        ).to.equal(text);
      }),
    );
  });

  it('without a request id have no member for it', () => {
    expect(encodePut('a', 1)).to.equal('{"type":"kvPut","key":"a","value":1}');
    expect(encodeAppend('a', [1])).to.equal('{"type":"kvAppend","key":"a","items":[1]}');
    expect(encodeUpdateFile('a', 1, [])).to.equal(
      '{"type":"updateFile","name":"a","version":1,"hashList":[]}',
    );
  });

  const none = [
    '',
    'x',
    '{',
    'null',
    'true',
    '1',
    '"kvPut"',
    '[]',
    '["kvPut"]',
    '{}',
    '{"type":"other","key":"a","value":1}',
    '{"type":["kvPut"],"key":"a","value":1}',
    '{"type":"kvPut","value":1}',
    '{"type":"kvPut","key":1,"value":1}',
    '{"type":"kvPut","key":"a"}',
    '{"type":"kvAppend","key":"a"}',
    '{"type":"kvDelete"}',
    '{"type":"kvDelete","key":1}',
    '{"type":"kvAppend","key":"a","items":"x"}',
    '{"type":"kvAppend","key":"a","items":null}',
    '{"type":"kvAppend","key":"a","items":{"length":1}}',
    '{"type":"kvAppend","key":null,"items":[]}',
    '{"type":"openSession","request":{"clientId":"1","sequence":1}}',
    ...[
      'null',
      '0',
      '"me"',
      '[]',
      '["me",1]',
      '{}',
      '{"clientId":"me"}',
      '{"sequence":1}',
      '{"clientId":1,"sequence":1}',
      '{"clientId":"me","sequence":-1}',
      '{"clientId":"me","sequence":-1}',
      '{"clientId":"me","sequence":1.5}',
      '{"clientId":"me","sequence":"1"}',
      '{"clientId":"me","sequence":null}',
      '{"clientId":"me","sequence":9007199254740992}',
    ].map((id) => `{"type":"kvPut","key":"a","value":1,"request":${id}}`),
  ];
  for (const text of none) {
    it(`t54 a text that is none does no harm: ${text}`, () => {
      expect(decodeCommand(text)).to.equal(undefined);
      const state = new ServiceState();
      expect(applyTexts(state, text)).to.deep.equal(['none']);
      expect([state.lastApplied, state.files.size, state.keys.size, state.sessions.size]).to.deep.equal([
        1, 0, 0, 0,
      ]);
    });
  }

  it('t54 no text at all makes the state machine throw, when applied or in a snapshot', () => {
    const member = fc.oneof(fc.constantFrom<unknown>('a', 1, null, [], {}), fc.jsonValue());
    const nearly = fc.record(
      {
        type: fc.constantFrom('updateFile', 'kvPut', 'kvAppend', 'openSession'),
        name: member,
        version: member,
        hashList: member,
        key: member,
        value: member,
        items: fc.oneof(member, fc.array(member)),
        request: fc.oneof(member, fc.record({ clientId: member, sequence: member })),
      },
      { requiredKeys: ['type'] },
    );
    const text = fc.oneof(
      { weight: 1, arbitrary: fc.string() },
      { weight: 1, arbitrary: fc.json() },
      { weight: 4, arbitrary: nearly.map((fields) => JSON.stringify(fields)) },
    );
    fc.assert(
      fc.property(fc.array(text, { maxLength: 6 }), (texts) => {
        const state = new ServiceState();
        applyTexts(state, ...texts);
        state.snapshot(100).next();
      }),
      { numRuns: 1_000 },
    );
  });
});
