import { InvalidArgumentError, Option, type Command } from 'commander';
import {
  assignmentNames,
  consistencyLevels,
  type Assignment,
  type AssignmentName,
  type Consistency,
} from './assertions/assertion.js';
import { UsageError } from '../usageError.js';
import type { Wire } from './keyValue/messagesServer.js';

export interface GradeFlags {
  readonly start?: string;
  readonly cwd?: string;
  readonly submissions?: string;
  readonly assignment: AssignmentName;
  readonly rubric?: string;
  readonly budget: number;
  readonly gradescope?: string;
  readonly out?: string;
  readonly only?: readonly string[];
  readonly seed?: number;
  readonly idleRpcsMax: number;
  readonly consistency?: Consistency;
  readonly wire?: Wire;
  readonly ports?: readonly number[];
  readonly bestOf: number;
  readonly confine?: boolean;
  readonly memoryMb?: number;
  readonly again?: boolean;
  readonly printRubric?: boolean;
}

/** "O(10) RPC calls per second": well above it begins at more than twice as many. */
const IDLE_RPCS_MAX = 24;
const BUDGET_MS = 240_000;

export function addGradeFlags(command: Command): Command {
  return command
    .option('--start <line>', "how one server is started, as in 'python3 server.py {config} {id}'")
    .option('--cwd <dir>', 'where it is started (default: here)')
    .option(
      '--submissions <dir>',
      'grade each folder of DIR, one after the other, with --start run in it; goes on where it was interrupted',
    )
    .addOption(
      new Option('--assignment <name>', 'what the servers were written for')
        .choices([...assignmentNames])
        .default('surfstore'),
    )
    .option('--rubric <file>', 'YAML: points, weights and caps (see --print-rubric)')
    .option('--print-rubric', 'print the rubric that is used, to begin with')
    .option('--budget <time>', 'all of it ends by then, as in 4m or 90s', time, BUDGET_MS)
    .option('--gradescope <file>', "write Gradescope's results.json to FILE, too")
    .option('--out <dir>', 'where the results go (default: grade-results/DATE)')
    .option('--only <ids>', 'judge only these assertions, as in update-waits,map-waits', (text: string) =>
      text.split(','),
    )
    .option('--seed <n>', 'draws the decisions of the clients (default: a new one)', whole(0, 2 ** 32 - 1))
    .option(
      '--idle-rpcs-max <n>',
      'calls that a server may be sent by the others in a second when nobody calls',
      whole(1, 10_000),
      IDLE_RPCS_MAX,
    )
    .addOption(
      new Option(
        '--consistency <level>',
        'what answers must fit: one order of all operations, or only the same end on all servers',
      )
        .choices([...consistencyLevels])
        .default(undefined, 'what the assignment asks for'),
    )
    .option(
      '--best-of <n>',
      'grade up to N times, with other seeds, until the score is full; the best run counts (within one budget)',
      whole(1, 20),
      1,
    )
    .option(
      '--ports <list>',
      'keys, messages: the ports of servers whose addresses are in their code, as in 8080,8081,8082',
      ports,
    )
    .option(
      '--wire <wire>',
      'messages: lines (JSON over TCP) or the path of a POST, as in /messages (default: found out)',
      wire,
    )
    .option(
      '--confine',
      'run servers as a user of their own, in a copy, without a network, within limits, as far as the system allows ' +
        '(default with --submissions; --no-confine)',
    )
    .addOption(new Option('--no-confine').hideHelp())
    .option(
      '--memory-mb <n>',
      'a server that uses more memory than this is ended (default: no limit, or 2048 if confined)',
      whole(16, 1_000_000),
    )
    .option('--again', 'with --submissions: grade anew what has a result already');
}

/** @throws UsageError when one of them is no assertion of the assignment */
export function checkIds(ids: readonly string[] | undefined, { assertions, name }: Assignment): void {
  const unknown = ids?.find((id) => assertions.every((assertion) => assertion.id !== id));
  if (unknown === undefined) return;
  const known = assertions.map(({ id }) => id).join(', ');
  throw new UsageError(
    `--only: There is no assertion ${unknown} for --assignment ${name}: there are ${known}`,
  );
}

function ports(text: string): readonly number[] {
  const list = text.split(',').map((word) => (/^\d{1,5}$/.test(word) ? Number(word) : NaN));
  if (list.every((port) => port >= 1 && port <= 65_535) && new Set(list).size === list.length) return list;
  throw new InvalidArgumentError('Give different ports from 1 to 65535, as in 8080,8081,8082.');
}

function wire(text: string): Wire {
  if (text === 'lines') return { kind: 'lines' };
  if (text.startsWith('/')) return { kind: 'http', path: text };
  throw new InvalidArgumentError('Give lines, or a path such as /messages.');
}

function whole(least: number, most: number): (text: string) => number {
  return (text) => {
    const number = /^\d{1,12}$/.test(text) ? Number(text) : NaN;
    if (number >= least && number <= most) return number;
    throw new InvalidArgumentError(`Give a whole number from ${least} to ${most}.`);
  };
}

const BUDGET_MS_MIN = 5_000;
const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000 };

/** Milliseconds. */
function time(text: string): number {
  const [, number = '', unit = ''] = /^(\d{1,6})([sm])$/.exec(text) ?? [];
  const ms = Number(number) * (UNITS[unit] ?? NaN);
  if (ms >= BUDGET_MS_MIN) return ms;
  throw new InvalidArgumentError('Give a time of at least 5 s, as in 4m or 90s.');
}
