/**
 * Puts the folder of the real Python first on the path, once for the whole run. Where a version manager keeps the
 * interpreters, the `python3` on the path is a script that looks for the right one at each start, which takes half a
 * second; tests start Python hundreds of times.
 */
import { execFileSync } from 'node:child_process';
import { delimiter, dirname } from 'node:path';

try {
  const executable = execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], {
    encoding: 'utf8',
  }).trim();
  process.env['PATH'] = [dirname(executable), process.env['PATH']].join(delimiter);
} catch {
  // Without Python, the tests that need it say so.
}
