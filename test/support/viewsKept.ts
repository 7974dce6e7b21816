/** Where a state machine and its parts keep what they are made of. */
const PARTS = ['files', 'keys', 'sessions', 'opened', 'singles', 'entries'];

/**
 * How many views of its past a copy-on-write map, or all the maps of what is made of them, have not let go of: each costs
 * memory.
 */
export function viewsKept(holder: object): number {
  const views: unknown = Reflect.get(holder, 'views');
  if (views instanceof Set) return views.size;
  const parts = PARTS.map((name): unknown => Reflect.get(holder, name)).filter(
    (part): part is object => typeof part === 'object' && part !== null,
  );
  if (parts.length === 0) throw new Error('no copy-on-write map');
  return parts.reduce((sum, part) => sum + viewsKept(part), 0);
}
