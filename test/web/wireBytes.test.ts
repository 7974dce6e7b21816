import { expect } from 'chai';
import { bytesOnTheWire as onTheServer } from '../../src/transport/peerEndpoint.js';
import { bytesOnTheWire as inThePage } from '../../src/web/raft/wireBytes.js';

describe('the size of a command in the page', () => {
  for (const command of ['', '{"type":"kvPut","key":"x","value":1}', 'a < b & "c"\r\n', 'é ✓ 🦀 \uffff']) {
    it(`is its size on the wire: ${JSON.stringify(command)}`, () => {
      expect(inThePage(command)).to.equal(onTheServer(command));
    });
  }
});
