import { spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { chmodSync, chownSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Limits of a submission's processes. */
export interface Confinement {
  /** A user whom nothing else on this machine belongs to; undefined: whoever runs the grader. */
  readonly user: number | undefined;
  /** The memory that the processes of one server may use together, in MiB; undefined: as much as they like. */
  readonly memoryMb: number | undefined;
  /** Of each process; undefined where `prlimit` is missing, or nobody asked for confinement. */
  readonly cpuSeconds: number | undefined;
  /** Whether the network has nothing but loopback. */
  readonly isOffline: boolean;
}

/** Numbers that Debian, Ubuntu and Fedora give neither to people nor to services. */
const USERS = { first: 61_200, last: 65_000 } as const;
const FILE_MB_MAX = 256;
const PROCESSES_MAX = 512;
const MIB = 1_048_576;

export const unconfined: Confinement = {
  user: undefined,
  memoryMb: undefined,
  cpuSeconds: undefined,
  isOffline: false,
};

/** As much of it as this system allows to whoever runs the grader; what it allows is tried, not guessed. */
export function confinementHere(memoryMb: number, budgetMs: number): Confinement {
  const user = process.platform === 'linux' ? freeUser() : undefined;
  return {
    user: user !== undefined && works(asUser(user)) ? user : undefined,
    memoryMb,
    cpuSeconds: works(['prlimit', '--core=0']) ? Math.ceil((2 * budgetMs) / 1_000) : undefined,
    isOffline: isOffline(),
  };
}

/** In words: what holds, and what does not hold here and why. */
export function confinementText({ user, memoryMb, cpuSeconds, isOffline }: Confinement): string {
  const holds = [
    user === undefined ? '' : `a user of its own (${user})`,
    isOffline ? 'no network but loopback' : '',
    memoryMb === undefined ? '' : `at most ${memoryMb} MiB for a server`,
    cpuSeconds === undefined ? '' : `${cpuSeconds} s of a processor and files of ${FILE_MB_MAX} MiB`,
  ].filter((each) => each !== '');
  const missing = [
    user === undefined ? 'a user of its own (run the grader as root)' : '',
    isOffline ? '' : 'a network of its own (this system allows no `unshare --net`)',
    cpuSeconds === undefined ? 'limits of time and files (there is no `prlimit`)' : '',
  ].filter((each) => each !== '');
  const lacks = missing.length === 0 ? '' : ` Not here: ${missing.join('; ')}.`;
  return `Confined: ${holds.join('; ')}.${lacks}`;
}

/** The program and its words that run a line of the shell within the limits. */
export function confinedCommand(line: string, confinement: Confinement): [string, ...string[]] {
  const { user, cpuSeconds } = confinement;
  const limits =
    cpuSeconds === undefined
      ? []
      : [
          ...['prlimit', '--core=0', `--cpu=${cpuSeconds}`, `--fsize=${FILE_MB_MAX * MIB}`],
          // It counts the processes of a user on the whole machine.
          ...(user === undefined ? [] : [`--nproc=${PROCESSES_MAX}`]),
        ];
  const [program = '/bin/sh', ...words] = [
    ...limits,
    ...(user === undefined ? [] : asUser(user)),
    ...['/bin/sh', '-c', line],
  ];
  return [program, ...words];
}

/** Nothing of the grader's own environment reaches a server that has a user of its own, where secrets may be. */
export function confinedEnvironment({ user }: Confinement, home: string): NodeJS.ProcessEnv {
  const own = { PYTHONUNBUFFERED: '1' };
  if (user === undefined) return { ...process.env, ...own };
  const { PATH, LANG, JAVA_HOME, TZ } = process.env;
  return { PATH, LANG, JAVA_HOME, TZ, HOME: home, TMPDIR: home, ...own };
}

/** Gives a folder and all that is in it to the submission's user. */
export function handOver(folder: string, { user }: Confinement): void {
  if (user === undefined) return;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true }))
    if (!entry.isSymbolicLink()) chownSync(join(entry.parentPath, entry.name), user, user);
  chownSync(folder, user, user);
}

/** Lets the submission's user read what is in a folder of ours. */
export function letRead(folder: string, { user }: Confinement): void {
  if (user !== undefined) chmodSync(folder, 0o755);
}

/** A process may have left its group; it cannot have left its user. */
export function killAllOf({ user }: Confinement): void {
  if (user === undefined || user < USERS.first) return;
  const [program = '', ...words] = asUser(user);
  spawnSync(program, [...words, 'kill', '-KILL', '-1'], { stdio: 'ignore' });
}

/** The words in front of a command that runs the grader without a network; undefined where that is not possible. */
export function offlineCommand(): readonly string[] | undefined {
  const up = 'ip link set lo up && exec "$@"';
  const ways = [
    ['unshare', '--net', 'sh', '-c', up, 'sh'],
    ['unshare', '--map-root-user', '--net', 'sh', '-c', up, 'sh'],
  ];
  return ways.find(works);
}

function asUser(user: number): string[] {
  return ['setpriv', `--reuid=${user}`, `--regid=${user}`, '--clear-groups', '--no-new-privs'];
}

function works([program = '', ...words]: readonly string[]): boolean {
  return spawnSync(program, [...words, 'true'], { stdio: 'ignore', timeout: 5_000 }).status === 0;
}

function freeUser(): number {
  const taken = new Set(
    readdirSync('/proc', { withFileTypes: true })
      .filter(({ name }) => /^\d+$/.test(name))
      .map(({ name }) => statSync(join('/proc', name), { throwIfNoEntry: false })?.uid),
  );
  for (;;) {
    const user = randomInt(USERS.first, USERS.last);
    if (!taken.has(user)) return user;
  }
}

/** Whether loopback is the only interface there is. */
function isOffline(): boolean {
  try {
    const lines = readFileSync('/proc/net/dev', 'utf8').split('\n').slice(2);
    const names = lines.map((line) => line.split(':')[0]?.trim() ?? '').filter((name) => name !== '');
    return names.every((name) => name === 'lo');
  } catch {
    return false;
  }
}
