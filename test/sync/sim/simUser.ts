import type { Prng } from '../../../src/sim/prng.js';
import type { Ledger } from './ledger.js';
import type { SimFolder } from './simFolder.js';

/** Parts that many texts have, so that files share blocks, also with files that are long gone. */
const COMMON = ['common 1........', 'common 2........', 'common 3........'];
const UNIQUE_CHARS = 16;
/** The user never takes the last files away: an empty folder stops the client, as it should. */
export const KEPT_FILE = 'kept';

/** People at work on their files, whatever the client does meanwhile. */
export class SimUser {
  private texts = 0;

  constructor(
    private readonly client: number,
    private readonly folder: SimFolder,
    private readonly names: readonly string[],
    private readonly ledger: Ledger,
    private readonly random: Prng,
  ) {}

  /** @returns what was done, in a few words */
  act(): string {
    const { random, folder } = this;
    const files = folder.userNames.filter((name) => name !== KEPT_FILE);
    const file = files.length === 0 ? undefined : random.pick(files);
    const name = random.pick(this.names);
    const action = random.next();
    if (file === undefined || action < 0.25) return this.save(name);
    if (action < 0.4) return this.save(file);
    if (action < 0.6) {
      const text = this.text(random.chance(0.7) ? folder.textOf(file).length : undefined);
      folder.overwrite(file, text);
      return `overwrite ${file}: ${text}`;
    }
    if (action < 0.8) {
      folder.discard(file);
      return `delete ${file}`;
    }
    return this.rename(file, name);
  }

  /** Another edit of a file. */
  save(name: string): string {
    const text = this.text();
    this.folder.save(name, text);
    return `save ${name}: ${text}`;
  }

  private rename(from: string, to: string): string {
    const { folder, ledger } = this;
    if (folder.has(to) || !ledger.isNew(to, folder.textOf(from))) return 'nothing';
    folder.move(from, to);
    return `rename ${from} ${to}`;
  }

  /** Nobody else writes this text, but for a few. @param chars so long, undefined: of any length */
  private text(chars?: number): string {
    const { random } = this;
    if (chars === undefined && random.chance(0.05)) return random.pick(['', 'the same']);
    this.texts += 1;
    const unique = `user ${this.client}: ${this.texts}`.padEnd(UNIQUE_CHARS, '.');
    const parts = Array.from({ length: 4 }, () => random.pick(COMMON));
    return (unique + parts.join('')).slice(
      0,
      Math.max(UNIQUE_CHARS, chars ?? UNIQUE_CHARS * random.between(1, 4)),
    );
  }
}
