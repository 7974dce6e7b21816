import type { Prng } from '../../src/sim/prng.js';

/** A longer history of one key would make the search for an order slow. */
const WRITES_MAX = 50;

/** `list`: is only appended to. `mixed`: is also replaced by a fresh list now and then. */
type KeyUse = 'list' | 'mixed';

interface Key {
  readonly name: string;
  readonly use: KeyUse;
  writes: number;
}

const USES: readonly KeyUse[] = ['list', 'list', 'mixed'];

/** The few keys that all clients use at the moment. One that was written often enough makes room for a new one. */
export class KeyRing {
  /** Every key that was ever handed out. */
  readonly all: string[] = [];
  private readonly current: Key[];

  /** @param nameFor the name on the servers */
  constructor(private readonly nameFor: (name: string) => string) {
    this.current = USES.map((use) => this.newKey(use));
  }

  pick(prng: Prng): Key {
    return prng.pick(this.current);
  }

  /** The key will be written once more. */
  countWrite(key: Key): void {
    key.writes += 1;
    const place = this.current.indexOf(key);
    if (key.writes >= WRITES_MAX && place !== -1) this.current[place] = this.newKey(key.use);
  }

  private newKey(use: KeyUse): Key {
    const name = this.nameFor(`${use}${this.all.length}`);
    this.all.push(name);
    return { name, use, writes: 0 };
  }
}
