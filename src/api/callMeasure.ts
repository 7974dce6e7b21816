/** Begins to measure a call of this method, one of a bounded set; for metrics. What it gives must not throw. */
export type CallMeasure = (method: string) => MeasuredCall;

/** The first word about a call counts. */
export interface MeasuredCall {
  /** @param outcome of a bounded set */
  answered(outcome: string): void;
  /** Its client went away. */
  abandoned(): void;
}

/** For those who want no metrics. */
export const unmeasured: CallMeasure = () => ({ answered: () => undefined, abandoned: () => undefined });
