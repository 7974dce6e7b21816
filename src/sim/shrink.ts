import type { ClientPlan, Plan } from './plan.js';
import type { RunResult } from './run.js';
import type { NetworkBehaviour } from './simNetwork.js';

/**
 * Looks for a smaller plan that still breaks the same rule: fewer faults, fewer clients, fewer operations,
 * less time (delta debugging: halves first, then single ones).
 *
 * @param run runs a plan
 * @param runsMax how many runs it may cost
 */
export async function shrinkPlan(
  failing: RunResult,
  run: (plan: Plan) => Promise<RunResult>,
  runsMax: number,
): Promise<RunResult> {
  let best = failing;
  let runs = 0;
  const rule = failing.violation?.rule;
  const tryPlan = async (plan: Plan): Promise<boolean> => {
    if (runs >= runsMax) return false;
    runs += 1;
    const result = await run(plan);
    if (result.violation?.rule !== rule) return false;
    best = result;
    return true;
  };
  for (let smaller = true; smaller && runs < runsMax;) {
    const before = best;
    await withFewer(best.plan.faults, (faults) => tryPlan({ ...best.plan, faults }));
    await withFewer(best.plan.clients, (clients) => tryPlan({ ...best.plan, clients }));
    await tryPlan({
      ...best.plan,
      clients: best.plan.clients.map((client) => ({
        ...client,
        operations: Math.ceil(client.operations / 2),
      })),
    });
    await tryPlan({ ...best.plan, chaosMs: Math.ceil(best.plan.chaosMs / 2) });
    await tryPlan({ ...best.plan, clockSkew: 0 });
    await tryPlan({ ...best.plan, network: { ...best.plan.network, loss: 0, duplication: 0, tail: 0 } });
    await tryPlan(withClients(best.plan, { routed: 0 }));
    await tryPlan(withClients(best.plan, { isNumbered: false }));
    await tryPlan({ ...best.plan, itemChars: 0 });
    if (best.plan.network.bytesPerSecond !== undefined)
      await tryPlan({ ...best.plan, network: unlimited(best.plan.network) });
    if (best.plan.syncMs !== undefined) await tryPlan({ ...best.plan, syncMs: [] });
    smaller = sizeOf(best.plan) < sizeOf(before.plan);
  }
  return best;
}

function unlimited(network: NetworkBehaviour): NetworkBehaviour {
  const { latencyMinMs, latencyMaxMs, tail, tailMs, loss, duplication } = network;
  return { latencyMinMs, latencyMaxMs, tail, tailMs, loss, duplication };
}

function withClients(plan: Plan, change: Partial<ClientPlan>): Plan {
  return { ...plan, clients: plan.clients.map((client) => ({ ...client, ...change })) };
}

/** Leaves out ever smaller runs of items, for as long as `stillFails` says that the rest is enough. */
async function withFewer<T>(
  items: readonly T[],
  stillFails: (rest: readonly T[]) => Promise<boolean>,
): Promise<void> {
  let rest = items;
  for (let size = Math.ceil(items.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = 0; from < rest.length;) {
      const candidate = [...rest.slice(0, from), ...rest.slice(from + size)];
      if (await stillFails(candidate)) rest = candidate;
      else from += size;
    }
  }
}

function sizeOf({ faults, clients, chaosMs }: Plan): number {
  return (
    faults.length * 1000 + clients.reduce((sum, { operations }) => sum + operations, 0) * 10 + chaosMs / 1000
  );
}
