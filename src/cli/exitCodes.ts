/** What a command's exit code tells a script. */
export const EXIT = { ok: 0, failure: 1, usage: 2, noLeader: 3 } as const;

/** Ends a command with one line on stderr. */
export class CommandError extends Error {
  override readonly name = 'CommandError';

  constructor(
    message: string,
    readonly exitCode: (typeof EXIT)[keyof typeof EXIT] = EXIT.failure,
  ) {
    super(message);
  }
}
