/** Thrown when the servers together break one of the properties of the paper's figure 3, or one that follows from them. */
export class SafetyViolation extends Error {
  override readonly name = 'SafetyViolation';

  constructor(
    /** The rule that is broken, in a few stable words. */
    readonly rule: string,
    detail: string,
  ) {
    super(`${rule}: ${detail}`);
  }
}
