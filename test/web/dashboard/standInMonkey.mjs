// Is called as the chaos monkey is: lists scenarios, or says what it was asked for and writes a report. A run of a second ends by
// itself, a longer one when it is called back, and then has failed.
import { readFileSync, writeFileSync } from 'node:fs';
import { setInterval } from 'node:timers';

const [config, ...flags] = process.argv.slice(2);
const valueOf = (name) => flags[flags.indexOf(name) + 1];

function end(code) {
  console.log(`${readFileSync(config)}${valueOf('--scenario')}: all is well\nagain: no matter`);
  process.exit(code);
}

if (config === '--list') {
  console.log('one-way (3 servers or more)\n    Links that fail.');
  console.log('paused (3 servers or more, --managed)\n    Stops it.');
} else {
  process.on('SIGTERM', () => end(1));
  writeFileSync(`${valueOf('--out')}/report.html`, '<p>all is well</p><script>1</script>');
  console.error('chaos: begins');
  console.error('chaos: 3 s, all up');
  if (valueOf('--duration') === '1') end(0);
  setInterval(() => undefined, 1000);
}
