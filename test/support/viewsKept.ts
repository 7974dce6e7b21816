/** How many views of its past a copy-on-write map, or a file map made of one, has not let go of: each costs memory. */
export function viewsKept(holder: object): number {
  const views: unknown = Reflect.get(holder, 'views');
  if (views instanceof Set) return views.size;
  const files: unknown = Reflect.get(holder, 'files');
  if (typeof files !== 'object' || files === null) throw new Error('no copy-on-write map');
  return viewsKept(files);
}
