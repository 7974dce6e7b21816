import { expect } from 'chai';
import { Lifecycle, type LifecycleState } from '../../../src/node/lifecycle.js';

const states: readonly LifecycleState[] = [
  'starting',
  'running',
  'crashed',
  'restoring',
  'failed',
  'stopped',
];

/** Every way from one state to another; all others are refused. */
const allowed: Record<LifecycleState, readonly LifecycleState[]> = {
  starting: ['running', 'crashed', 'failed', 'stopped'],
  running: ['crashed', 'failed', 'stopped'],
  crashed: ['restoring', 'failed', 'stopped'],
  restoring: ['running', 'crashed', 'failed', 'stopped'],
  failed: ['stopped'],
  stopped: [],
};

const wayTo: Record<LifecycleState, readonly LifecycleState[]> = {
  starting: [],
  running: ['running'],
  crashed: ['running', 'crashed'],
  restoring: ['running', 'crashed', 'restoring'],
  failed: ['failed'],
  stopped: ['stopped'],
};

function lifecycleIn(state: LifecycleState): Lifecycle {
  const lifecycle = new Lifecycle();
  for (const step of wayTo[state]) lifecycle.enter(step);
  return lifecycle;
}

describe('lifecycle', () => {
  for (const from of states) {
    it(`${from} leads to ${allowed[from].join(', ') || 'nothing'} only`, () => {
      for (const to of states) {
        const lifecycle = lifecycleIn(from);
        const moved = lifecycle.enter(to);
        expect(moved, to).to.equal(allowed[from].includes(to));
        expect(lifecycle.state).to.equal(moved ? to : from);
      }
    });
  }

  it('t28 every end and every new beginning opens a new epoch; a refused move does not', () => {
    const lifecycle = new Lifecycle();
    const epochs = (['running', 'crashed', 'crashed', 'restoring', 'running', 'stopped'] as const).map(
      (state) => {
        lifecycle.enter(state);
        return lifecycle.epoch;
      },
    );
    expect(epochs).to.deep.equal([0, 1, 1, 2, 2, 3]);
  });

  it('a server on its way back is still crashed, one that failed is not', () => {
    const crashed = states.filter((state) => lifecycleIn(state).isCrashed);
    expect(crashed).to.deep.equal(['crashed', 'restoring']);
  });
});
