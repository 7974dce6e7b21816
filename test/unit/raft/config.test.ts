import { expect } from 'chai';
import { defaultRaftConfig, validateRaftConfig, type RaftConfig } from '../../../src/raft/config.js';

const valid: RaftConfig = { ...defaultRaftConfig, id: 1, servers: [0, 1, 2] };

describe('configuration of the core', () => {
  it('has defaults that work, for one server to ten', () => {
    for (let size = 1; size <= 10; size += 1) {
      const servers = Array.from({ length: size }, (_, id) => id);
      expect(() => validateRaftConfig({ ...defaultRaftConfig, id: 0, servers })).not.to.throw();
    }
  });

  const wrong: Record<string, Partial<RaftConfig>> = {
    'server 3 is not one of': { id: 3 },
    'server 1 is not one of': { servers: [] },
    'listed twice': { servers: [0, 1, 1] },
    'heartbeatTicks must be at least 1': { heartbeatTicks: 0 },
    'appendEntriesMax must be at least 1': { appendEntriesMax: 0 },
    'appendBytesMax must be at least 1': { appendBytesMax: Number.NaN },
    'uncommittedBytesMax must be at least 1': { uncommittedBytesMax: -1 },
    'turnTicks must be at least 1': { turnTicks: 0 },
    'inFlightTicksMax must be at least 1': { inFlightTicksMax: 0 },
    'silentTicksMax must be at least 1': { silentTicksMax: Number.NaN },
    'voteDelayTicks must be at least 0': { voteDelayTicks: Number.NaN },
    'tailEntriesMax must be at least 0': { tailEntriesMax: -1 },
    'tailBytesMax must be at least 0': { tailBytesMax: Number.NaN },
    'heartbeatTicks must be below stickyTicks': { heartbeatTicks: 50, stickyTicks: 50 },
    'heartbeatTicks must be below stickyTicks, else followers': { stickyTicks: Number.NaN },
    'stickyTicks must be below electionMinTicks': { stickyTicks: 60, electionMinTicks: 60 },
    'electionMinTicks must not be above electionMaxTicks': { electionMaxTicks: Number.NaN },
  };
  for (const [message, change] of Object.entries(wrong)) {
    it(`is refused: ${message} ..`, () => {
      expect(() => validateRaftConfig({ ...valid, ...change })).to.throw(Error, message);
    });
  }

  it('a follower that votes again before the shortest election timeout of 600 ms is over is what stickiness needs', () => {
    expect(defaultRaftConfig.stickyTicks).to.be.below(60);
    expect(defaultRaftConfig.heartbeatTicks * 2).to.be.at.most(defaultRaftConfig.stickyTicks);
  });
});
