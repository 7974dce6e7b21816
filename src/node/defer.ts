/** Does something soon, after what is waiting already; the returned function calls it off. The simulator brings its own. */
export type Defer = (run: () => void) => () => void;

export const systemDefer: Defer = (run) => {
  const handle = setImmediate(run);
  return () => clearImmediate(handle);
};

/**
 * Long work in short pieces, so that everything else gets its turn in between.
 *
 * @param step does one piece; false when that was the last
 * @returns calls off what is left
 */
export function inPieces(defer: Defer, step: () => boolean): () => void {
  let cancel = (): void => undefined;
  const next = (): void => {
    cancel = defer(() => {
      if (step()) next();
    });
  };
  next();
  return () => cancel();
}
