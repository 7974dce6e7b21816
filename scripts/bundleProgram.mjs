// Puts the modules of the program and of its packages into one file, where the compiler and the installer have left them
// in hundreds: a server then starts with a third of the CPU time. The packages' licences stay in node_modules/, and as
// comments at the end of the file. Outside stays main.js, which must load nothing before it has looked at the limit of
// open files.
//
//   node scripts/bundleProgram.mjs FOLDER     replaces FOLDER/src/cli/program.js
//
// Used by scripts/build.sh, which gives the folder that becomes dist/. The other modules stay as they are: they are the
// library, and what names a file by its place, like `new URL('../../web/', import.meta.url)`, is as deep in the tree.

import { join } from 'node:path';
import { build } from 'esbuild';

const [folder, ...more] = process.argv.slice(2);
if (folder === undefined || more.length > 0) {
  console.error('usage: node scripts/bundleProgram.mjs FOLDER');
  process.exit(2);
}

const program = join(folder, 'src', 'cli', 'program.js');
await build({
  entryPoints: [program],
  outfile: program,
  allowOverwrite: true,
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  banner: {
    // Packages in the older form of modules load Node's own with require(), which this form has not.
    js: "import { createRequire as requireOf } from 'node:module';\nconst require = requireOf(import.meta.url);",
  },
  logLevel: 'error',
});
