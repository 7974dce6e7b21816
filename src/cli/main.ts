#!/usr/bin/env node
import { DESCRIPTORS_MIN, descriptorLimit } from './descriptors.js';

// Loading the program opens many files at once. Where they are too many, Node only says that it cannot find a package,
// so
// the limit is looked at before anything else is loaded.
const limit = descriptorLimit();
if (limit < DESCRIPTORS_MIN) {
  process.stderr.write(
    `surfstore: a process may have only ${limit} files and connections open here: raise the limit with ` +
      `\`ulimit -n ${4 * DESCRIPTORS_MIN}\` (at least ${DESCRIPTORS_MIN}), then start again\n`,
  );
  process.exitCode = 1;
} else {
  const { runProgram } = await import('./program.js');
  await runProgram();
}
