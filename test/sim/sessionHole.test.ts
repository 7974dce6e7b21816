import { expect } from 'chai';
import { judgeHistory } from '../../src/sim/judge.js';
import { drawPlan } from '../../src/sim/drawPlan.js';
import type { Plan } from '../../src/sim/plan.js';
import { Reference } from '../../src/sim/effects.js';
import { runPlan, type RunResult } from '../../src/sim/run.js';
import { decodeCommand, encodeOpenSession, type RequestId } from '../../src/stateMachine/command.js';
import { Sessions } from '../../src/stateMachine/sessions.js';

/** The one that showed it first, and others in case plans are drawn in another way some day. */
const SEEDS = [5, ...Array.from({ length: 40 }, (_, index) => 100 + index)];

/** One session is remembered, and writes are repeated. */
function planOf(seed: number): Plan {
  const plan = drawPlan(seed, { servers: 3, chaosMs: 8_000 });
  const clients = plan.clients.map((client) => ({ ...client, isNumbered: true, breaks: 0.1 }));
  return { ...plan, sessionsMax: 1, clients };
}

function run(seed: number): Promise<RunResult> {
  return runPlan(planOf(seed), { judge: judgeHistory });
}

function isFirst({ sequence }: RequestId): boolean {
  return sequence === 1;
}

/** State machines, and their reference, for which the first request of a session that they do not know is that of a new client. */
function withTheHole(): () => void {
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called with its own object below
  const { once } = Sessions.prototype;
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called with its own object below
  const { apply } = Reference.prototype;
  Sessions.prototype.once = function (numbered, change) {
    const result = once.call(this, numbered, change);
    if (result !== 'sessionExpired' || !isFirst(numbered.request)) return result;
    this.open(Number(numbered.request.clientId));
    return once.call(this, numbered, change);
  };
  Reference.prototype.apply = function (entry) {
    const effect = apply.call(this, entry);
    const request = effect.result === 'sessionExpired' ? decodeCommand(entry.command)?.request : undefined;
    if (request === undefined || !isFirst(request)) return effect;
    apply.call(this, { ...entry, index: Number(request.clientId), command: encodeOpenSession() });
    return apply.call(this, entry);
  };
  return () => {
    Sessions.prototype.once = once;
    Reference.prototype.apply = apply;
  };
}

describe('the first request of a session that comes again when the session is forgotten', function () {
  this.timeout(120_000);

  it('is done twice by servers that take it for a new one, and never by ours', async () => {
    const mend = withTheHole();
    let seed: number | undefined;
    try {
      for (const candidate of SEEDS) {
        const { violation } = await run(candidate);
        if (violation === null) continue;
        expect(violation.rule, violation.message).to.equal('a write takes effect once');
        seed = candidate;
        break;
      }
    } finally {
      mend();
    }
    if (seed === undefined) throw new Error('no seed shows it');
    const { violation } = await run(seed);
    expect(violation?.message ?? '').to.equal('');
  });
});
