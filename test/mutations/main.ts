import { parseArgs } from 'node:util';
import { Prng } from '../../src/sim/prng.js';
import { allMutations } from './data/index.js';
import type { Mutation } from './mutation.js';
import { report, resultLine } from './report.js';
import { isKilled, runMutations } from './runner.js';
import { allSuites, type Suite } from './suites.js';

// Puts bugs back, one at a time, and expects the tests to notice each. See docs/mutations.md.

const usage = `usage: npm run mutations -- [--only ID,...] [--sample N [--seed N]] [--jobs N] [--seeds N] [--suites NAME,...]
  --only    these mutations; all of them unless said otherwise
  --sample  so many of them, drawn with --seed (default: 1)
  --jobs    so many at the same time (default: 1)
  --seeds   runs of the simulators for each (default: 150)
  --suites  these suites; all of them unless said otherwise
`;

if (process.argv.some((word) => word === '--help' || word === '-h')) {
  process.stdout.write(usage);
  process.exit(0);
}

process.once('uncaughtException', (error) => {
  const isUsage = 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
  process.stderr.write(isUsage ? `${error.message}\n${usage}` : `${error.stack ?? error.message}\n`);
  process.exit(isUsage ? 2 : 1);
});

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    sample: { type: 'string' },
    seed: { type: 'string', default: '1' },
    jobs: { type: 'string', default: '1' },
    seeds: { type: 'string', default: '150' },
    suites: { type: 'string' },
  },
});

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

const mutations = chosen();
const startedAt = performance.now();
console.error(`${mutations.length} mutations; first the unmutated sources`);
const results = await runMutations({
  mutations,
  suites: chosenSuites(),
  jobs: Math.max(1, wholeNumber('jobs', values.jobs)),
  checksOriginal: true,
  onResult: (result) => console.error(resultLine(result)),
});
console.log(`${report(results)} (${((performance.now() - startedAt) / 1000).toFixed(0)} s)`);
process.exitCode = results.every(isKilled) ? 0 : 1;

function chosen(): readonly Mutation[] {
  const { only, sample } = values;
  const named = only === undefined ? allMutations : only.split(',').map(byId);
  if (sample === undefined) return named;
  const random = new Prng(wholeNumber('seed', values.seed));
  const rest = [...named];
  const count = Math.min(wholeNumber('sample', sample), rest.length);
  return Array.from({ length: count }, () => rest.splice(random.between(0, rest.length - 1), 1)).flat();
}

function chosenSuites(): Suite[] {
  const all = allSuites(wholeNumber('seeds', values.seeds));
  return (values.suites?.split(',') ?? all.map(({ name }) => name)).map((name) => {
    const suite = all.find((each) => each.name === name);
    if (suite === undefined) throw new Error(`there is no suite ${name}`);
    return suite;
  });
}

function byId(id: string): Mutation {
  const mutation = allMutations.find((candidate) => candidate.id === id);
  if (mutation === undefined) throw new Error(`there is no mutation ${id}`);
  return mutation;
}

function wholeNumber(name: string, text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 0) throw new Error(`--${name} takes a whole number`);
  return number;
}
