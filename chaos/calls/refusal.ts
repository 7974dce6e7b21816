/** The key/value service answered with something else than success: its status, and a text that begins with a stable word. */
export class Refusal extends Error {
  override readonly name = 'Refusal';

  constructor(
    readonly status: number,
    readonly text: string,
  ) {
    super(`${status} ${text}`);
  }

  /** As in `noLeader`. */
  get word(): string {
    return /^\w+/.exec(this.text)?.[0] ?? '';
  }
}
