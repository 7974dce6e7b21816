import type { FaultSpan, RunMs, RunRecord, ServerId } from '../runRecord.js';

/** A stretch of time. */
export interface Stretch {
  readonly from: RunMs;
  readonly to: RunMs;
}

/** When no server could reach a majority by the faults alone: nothing can be acknowledged then, and nothing should be. */
export function withoutMajority(record: RunRecord, endMs: RunMs): Stretch[] {
  const ids = record.servers.map(({ id }) => id);
  const moments = [
    ...new Set(record.faults.flatMap(({ startedAt, endedAt }) => [startedAt, endedAt ?? endMs])),
  ].sort((one, other) => one - other);
  const found: { from: RunMs; to: RunMs }[] = [];
  const active = new Set<FaultSpan>();
  const coming = [...record.faults].sort((one, other) => one.startedAt - other.startedAt);
  let next = 0;
  moments.forEach((from, index) => {
    const to = Math.min(endMs, moments[index + 1] ?? endMs);
    for (const fault of active) if ((fault.endedAt ?? endMs) <= from) active.delete(fault);
    for (let fault = coming[next]; fault !== undefined && fault.startedAt <= from; fault = coming[next]) {
      if ((fault.endedAt ?? endMs) > from) active.add(fault);
      next += 1;
    }
    if (to <= from || hasMajority(ids, active)) return;
    const last = found.at(-1);
    if (last?.to === from) last.to = to;
    else found.push({ from, to });
  });
  return found;
}

function hasMajority(ids: readonly ServerId[], faults: ReadonlySet<FaultSpan>): boolean {
  const down = new Set<ServerId>();
  const cut = new Set<string>();
  for (const { server, kind, from = [] } of faults) {
    if (kind !== 'unreachable') down.add(server);
    else for (const other of from) cut.add(`${server}-${other}`).add(`${other}-${server}`);
  }
  const up = ids.filter((id) => !down.has(id));
  return up.some((one) => {
    const reached = up.filter((other) => other === one || !cut.has(`${one}-${other}`));
    return reached.length > ids.length / 2;
  });
}
