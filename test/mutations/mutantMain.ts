import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { allMutations } from './data/index.js';
import { mutate } from './mutation.js';
import { readSource } from './workspace.js';

// A server with a bug put back, to be shown to the chaos monkey: npm run mutant -- ID DIRECTORY

const [id, directory] = process.argv.slice(2);
const mutation = allMutations.find((candidate) => candidate.id === id);
if (mutation === undefined || directory === undefined) {
  console.error(
    'usage: npm run mutant -- ID DIRECTORY, with the id of a mutation and a directory that does not exist',
  );
  process.exit(2);
}

mkdirSync(directory);
for (const name of ['src', 'chaos', 'package.json', 'tsconfig.json', 'tsconfig.build.json'])
  cpSync(name, join(directory, name), { recursive: true });
symlinkSync(resolve('node_modules'), join(directory, 'node_modules'));
for (const [file, text] of mutate(mutation, readSource)) writeFileSync(join(directory, file), text);
const compiler = resolve('node_modules/typescript/bin/tsc');
const { status } = spawnSync(process.execPath, [compiler, '-p', 'tsconfig.build.json'], {
  cwd: directory,
  stdio: 'inherit',
});
if (status !== 0) process.exit(1);
console.log(`${mutation.title}: ${join(directory, 'dist/src/cli/main.js')}`);
