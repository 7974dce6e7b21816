import { cpSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mutate, type Mutation } from './mutation.js';

const root = join(import.meta.dirname, '..', '..');

const needed = ['src', 'test', 'package.json', 'tsconfig.json'];

/** A copy of the sources and tests in a fresh directory; the packages are shared by a link. */
export class Workspace {
  private readonly removeAtExit = (): void => rmSync(this.directory, { recursive: true, force: true });

  private constructor(readonly directory: string) {
    process.once('exit', this.removeAtExit);
  }

  /** Of the working tree as it is now. */
  static ofTree(): Workspace {
    return Workspace.copyOf(root);
  }

  /** A copy of this one with a mutation in it. @throws OutdatedMutation */
  mutated(mutation: Mutation): Workspace {
    const changed = mutate(mutation, (file) => readFileSync(join(this.directory, file), 'utf8'));
    const copy = Workspace.copyOf(this.directory);
    for (const [file, text] of changed) writeFileSync(join(copy.directory, file), text);
    return copy;
  }

  remove(): void {
    process.removeListener('exit', this.removeAtExit);
    this.removeAtExit();
  }

  private static copyOf(origin: string): Workspace {
    const directory = realpathSync(mkdtempSync(join(tmpdir(), 'surfstore-mutation-')));
    for (const name of needed) cpSync(join(origin, name), join(directory, name), { recursive: true });
    symlinkSync(realpathSync(join(root, 'node_modules')), join(directory, 'node_modules'));
    return new Workspace(directory);
  }
}

/** The text of a source file of the working tree. */
export function readSource(file: string): string {
  return readFileSync(join(root, file), 'utf8');
}
