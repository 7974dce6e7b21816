import { join } from 'node:path';

/** Above `chaos/`: the source tree, or the folder of what was compiled from it. */
const above = join(import.meta.dirname, '..', '..');
const compiled = import.meta.filename.endsWith('.ts') ? join(above, 'dist') : above;

/** The compiled program that `--managed` starts as its servers. */
export const serverProgram = join(compiled, 'src', 'cli', 'main.js');
