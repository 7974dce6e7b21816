import type { AssignmentName } from '../../chaos/grade/assertions/assertion.js';

/** Each broken server, and the assertions of which at least one must name it. */
type Expectations = Readonly<Record<string, readonly string[]>>;

const surfstore: Expectations = {
  'no-version-check': ['versions-checked'],
  'check-at-receipt': ['one-of-concurrent'],
  'acknowledges-before-commit': ['update-waits'],
  'answers-on-followers': ['followers-refuse'],
  'answers-without-majority': ['update-waits', 'map-waits'],
  'commits-old-terms': ['old-terms'],
  'applies-twice': ['versions-count'],
  'even-majority': ['even-number'],
  'leads-on-after-restore': ['restored-follows'],
  'term-grows-while-crashed': ['restored-is-quiet'],
  'loses-log-at-restore': ['keeps-all'],
  'deadlock-on-crash': ['crash-state'],
  'hangs-after-restore': ['restored-answers'],
  'forgets-timer': ['stable'],
  'skips-heartbeats': ['stable'],
  'equal-timeouts': ['next-leader'],
  'never-re-randomises': ['next-leader'],
  'busy-loops': ['little-cpu'],
  'one-lock': ['others-served'],
  'floods-log': ['little-log'],
  'many-rpcs': ['few-rpcs'],
  'dies-on-unknown-method': ['unknown-method'],
  'returns-none': ['update-form'],
  'map-as-two-dicts': ['map-form'],
  'hash-list-as-string': ['hashes-returned'],
  'no-version-of-missing-file': ['version-of-missing'],
  // Servers that do no honest work.
  'refuses-everything': ['alone', 'third-elects'],
  nonsense: ['alone', 'third-elects'],
  'exception-after-write': ['calls-answered', 'one-of-concurrent'],
  hangs: ['alone', 'third-elects'],
  'does-not-start': ['starts'],
};

const keys: Expectations = {
  'keeps-to-itself': ['put-reaches-all'],
  'followers-refuse-writes': ['any-server'],
  'acknowledges-at-once': ['minority-no-writes'],
  'computes-appends-at-receipt': ['concurrent-appends'],
  'never-catches-up': ['catches-up'],
  'leads-alone': ['minority-no-leader'],
  'status-in-other-words': ['status-form'],
};

/** Servers to be graded: the honest one of its assignment, ours, and those that break a rule. */
interface Subject {
  readonly assignment: AssignmentName;
  /** A line for --start, run at the root of the tree. */
  readonly start: string;
  /** Of which at least one must fail; empty: the score must be full. */
  readonly expected: readonly string[];
}

const broken = (assignment: AssignmentName, file: string, variants: Expectations): [string, Subject][] =>
  Object.entries(variants).map(([name, expected]) => [
    assignment === 'surfstore' ? name : `${assignment}:${name}`,
    { assignment, expected, start: `python3 test/grade/servers/${file} ${name} {config} {id}` },
  ]);

const right = (assignment: AssignmentName, start: string): Subject => ({ assignment, start, expected: [] });

/** Not by `run-server.sh`, which builds anew when a source file is newer. */
const ours = 'node dist/src/cli/main.js server {config} {id}';

/** By name. */
export const subjects: Readonly<Record<string, Subject>> = {
  honest: right('surfstore', 'python3 test/grade/servers/honest.py {config} {id}'),
  // The others are reached through counting proxies, so that each server has another config file.
  ours: right('surfstore', `${ours} --cluster-name graded`),
  'keys:honest': right('keys', 'python3 test/grade/servers/keys.py {config} {id}'),
  'keys:ours': right('keys', ours),
  'messages:ours': right('messages', ours),
  ...Object.fromEntries([
    ...broken('surfstore', 'variants.py', surfstore),
    ...broken('keys', 'keys_variants.py', keys),
  ]),
};
