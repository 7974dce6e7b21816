/** A line of a server's log. */
interface LogLine {
  readonly level: number;
  readonly msg: string;
  readonly server: number;
  readonly [member: string]: unknown;
}

/** All lines of a log. @throws SyntaxError for a line that is not JSON */
export function logLinesOf(stderr: string): LogLine[] {
  return stderr
    .split('\n')
    .filter((text) => text !== '')
    .map((text) => JSON.parse(text) as LogLine);
}

/** All that a log says beside who leads. */
export function apartFromLeaders(stderr: string): LogLine[] {
  return logLinesOf(stderr).filter(({ msg }) => !/^(this server|server \d+) leads$/.test(msg));
}
