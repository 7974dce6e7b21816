import { expect } from 'chai';
import type { RaftCore } from '../../../src/raft/core.js';
import type { Input, Output } from '../../../src/raft/output.js';
import type { Message } from '../../../src/raft/types.js';
import { newCore } from '../../support/coreHarness.js';
import { overTheWire } from '../../support/overTheWire.js';
import { Prng } from '../../../src/sim/prng.js';

interface Recorded {
  readonly inputs: Input[];
  readonly draws: number[];
  readonly outputs: Output[];
}

/** Three cores that talk over a lossy network for a while; what the first of them saw, drew and put out. */
function record(seed: number): Recorded {
  const prng = new Prng(seed);
  const recorded: Recorded = { inputs: [], draws: [], outputs: [] };
  const draw = (id: number): number => {
    const ticks = prng.between(60, 120);
    if (id === 0) recorded.draws.push(ticks);
    return ticks;
  };
  const cores = [0, 1, 2].map((id) => newCore({ id, drawElectionTicks: () => draw(id) }));
  const wires: Message[] = [];
  const step = (core: RaftCore, id: number, input: Input): void => {
    const output = core.step(input);
    if (id === 0) {
      recorded.inputs.push(structuredClone(input));
      recorded.outputs.push(structuredClone(output));
    }
    wires.push(...[...output.messages, ...output.messagesAfterPersist].map(overTheWire));
    if (output.batch !== null) {
      step(core, id, { type: 'persisted', batch: output.batch.number, last: output.batch.last });
    }
  };
  for (let round = 0; round < 3000; round += 1) {
    for (const [id, core] of cores.entries()) {
      step(core, id, { type: 'tick' });
      if (prng.chance(0.05)) step(core, id, { type: 'propose', request: round, command: `c${round}` });
      if (prng.chance(0.05)) step(core, id, { type: 'read', request: 10_000 + round });
      if (prng.chance(0.002)) step(core, id, { type: 'campaign' });
      if (prng.chance(0.01)) step(core, id, { type: 'unreachable', peer: (id + 1) % 3 });
    }
    for (let k = 0; k < 4 && wires.length > 0; k += 1) {
      const [message] = wires.splice(prng.between(0, wires.length - 1), 1);
      const receiver = message === undefined ? undefined : cores[message.to];
      if (message !== undefined && receiver !== undefined && !prng.chance(0.1)) {
        step(receiver, message.to, { type: 'receive', message });
      }
    }
  }
  return recorded;
}

describe('determinism of the core', () => {
  for (const seed of [1, 2, 3]) {
    it(`the same inputs and draws give the same outputs (seed ${seed})`, () => {
      const { inputs, draws, outputs } = record(seed);
      const committed = outputs.flatMap((output) => output.committed);
      expect(committed, 'the run must have been worth recording').to.have.length.above(20);
      const replayedDraws = [...draws];
      const core = newCore({ id: 0, drawElectionTicks: () => replayedDraws.shift() ?? Number.NaN });
      for (const [position, input] of inputs.entries()) {
        expect(core.step(input)).to.deep.equal(outputs[position]);
      }
      expect(replayedDraws).to.deep.equal([]);
    });
  }
});
