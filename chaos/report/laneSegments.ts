import type { FaultSpan, RunMs, RunRecord, ServerId, StatusSample } from '../runRecord.js';

/** A stretch in which a server said the same of itself. */
export interface RoleSegment {
  readonly from: RunMs;
  readonly to: RunMs;
  readonly role: StatusSample['role'];
  readonly crashed: boolean;
  readonly term: number;
}

/** What each server was, in time order. What changes in a sample besides role, crash and term makes no new segment. */
export function roleSegments({ samples }: RunRecord, endMs: RunMs): Map<ServerId, RoleSegment[]> {
  const found = new Map<ServerId, RoleSegment[]>();
  for (const { server, at, role, crashed, term } of [...samples].sort((one, other) => one.at - other.at)) {
    const segments = found.get(server) ?? [];
    found.set(server, segments);
    const last = segments.at(-1);
    if (last?.role === role && last.crashed === crashed && last.term === term) continue;
    if (last !== undefined) segments[segments.length - 1] = { ...last, to: at };
    segments.push({ from: at, to: endMs, role, crashed, term });
  }
  return found;
}

/** The faults of a server, with crashes that it told of but that were not our doing. */
export function faultsOf(
  server: ServerId,
  faults: readonly FaultSpan[],
  segments: readonly RoleSegment[],
  endMs: RunMs,
): FaultSpan[] {
  const own = faults.filter((fault) => fault.server === server);
  const overlaps = ({ from, to }: RoleSegment): boolean =>
    own.some(
      ({ kind, startedAt, endedAt }) => kind === 'crash' && startedAt <= to && (endedAt ?? endMs) >= from,
    );
  const others = segments
    .filter((segment) => segment.crashed && !overlaps(segment))
    .map(({ from, to }): FaultSpan => ({ server, kind: 'crash', startedAt: from, endedAt: to }));
  return [...own, ...others].sort((one, other) => one.startedAt - other.startedAt);
}
