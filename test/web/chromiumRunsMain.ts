import { existsSync } from 'node:fs';
import { differingRuns } from './chromiumRuns.js';

// npm run browser-runs [RUNS] [SEED]: random runs, forwards and scrubbed, in Chromium and in Node.js; exit code 1 when a state differs.

const [runs = '1000', seed = String(Date.now() % 2 ** 31)] = process.argv.slice(2);
const executable = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
if (!existsSync(executable)) {
  console.error(`there is no Chromium at ${executable}: say where with CHROMIUM`);
  process.exit(2);
}
console.log(`seed ${seed}`);
const differing = await differingRuns(executable, Number(seed), Number(runs), (done) => {
  if (done % 100 === 0) console.log(`${done} of ${runs}`);
});
for (const run of differing) console.log(JSON.stringify(run));
console.log(`${differing.length} of ${runs} runs differ`);
process.exitCode = differing.length === 0 ? 0 : 1;
