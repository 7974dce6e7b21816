import fc from 'fast-check';
import { actionKinds, CLIENTS, subjectOf, type Action } from '../../src/web/raft/actions.js';
import type { PlacedAction } from '../../src/web/raft/checkpoints.js';

/** Actions of a drawn run come within so many events. */
export const EVENTS_MAX = 1200;

export const setups = fc.record({
  seed: fc.integer({ min: 0, max: 2 ** 31 }),
  servers: fc.integer({ min: 1, max: 5 }),
  mode: fc.constantFrom('shipped' as const, 'paper' as const),
});

/** Ids are taken modulo the number of servers, messages are those sent shortly before. */
export const rawActions = fc.array(
  fc.record({
    at: fc.integer({ min: 0, max: EVENTS_MAX }),
    kind: fc.constantFrom(...actionKinds, 'request' as const),
    one: fc.nat(4),
    other: fc.nat(4),
    message: fc.integer({ min: 1, max: 120 }),
  }),
  { maxLength: 16 },
);

type RawActions = typeof rawActions extends fc.Arbitrary<infer T> ? T : never;

export function placed(raw: RawActions, servers: number): PlacedAction[] {
  return raw.map(({ at, kind, one, other, message }) => {
    const server = one % servers;
    switch (subjectOf(kind)) {
      case 'server':
        return { at, action: { kind, server } as Action };
      case 'client':
        return { at, action: { kind, server, client: other % CLIENTS } as Action };
      case 'link':
        return { at, action: { kind, from: server, to: other % servers } as Action };
      case 'message':
        return { at, action: { kind, message } as Action };
    }
  });
}
