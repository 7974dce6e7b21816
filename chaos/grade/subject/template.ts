import { UsageError } from '../../usageError.js';

/** How the processes of a submission are started. */
export interface Submission {
  /** As in `python3 server.py {config} {id}`: a line for the shell. */
  readonly start: string;
  /** Where it runs. */
  readonly cwd: string;
  /** The most memory that a process may map, in MiB; undefined: as much as it likes. */
  readonly memoryMb: number | undefined;
}

/** @throws UsageError when the line does not say where the config file and the server's number go */
export function checkTemplate(start: string): void {
  for (const part of ['{config}', '{id}']) {
    if (!start.includes(part))
      throw new UsageError(
        `--start has no ${part}: write it as in --start 'python3 server.py {config} {id}'`,
      );
  }
}

/** The line for `sh -c`. */
export function shellLine({ start, memoryMb }: Submission, config: string, id: number): string {
  const line = start.replaceAll('{config}', quoted(config)).replaceAll('{id}', String(id));
  return memoryMb === undefined ? line : `ulimit -v ${memoryMb * 1_024} && ${line}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
