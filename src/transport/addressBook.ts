import { lookup as lookUpName, type LookupAddress, type LookupAllOptions } from 'node:dns';
import type { LookupFunction } from 'node:net';

/** An address is used without a question for this long; after that it is used, and the name is looked up beside it. */
const FRESH_MS = 10_000;
/** A name that was not found is not looked up again for this long. */
const FAILED_MS = 1_000;

type Answer = (error: NodeJS.ErrnoException | null, addresses: readonly LookupAddress[]) => void;

/** Looks up all addresses of a name, as `dns.lookup` does. */
type NameLookup = (
  name: string,
  options: LookupAllOptions,
  done: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

interface Name {
  addresses: readonly LookupAddress[];
  error: NodeJS.ErrnoException | null;
  knownAt: number;
  /** Those that wait for the look-up under way; null when there is none. */
  waiting: Answer[] | null;
}

/**
 * Remembers the addresses of the other servers. Looking up a name takes a thread of the few that the process has, which files
 * and other names need too; so there is one look-up per name at a time, however many connections are tried meanwhile, and a
 * name that was found once is never waited for again.
 */
export class AddressBook {
  private readonly names = new Map<string, Name>();

  /** @param lookUp for tests, as is `now`, in milliseconds */
  constructor(
    private readonly lookUp: NameLookup = lookUpName,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** In the form in which sockets want it. */
  readonly lookup: LookupFunction = (hostname, options, done) => {
    this.find(hostname, (error, addresses) => {
      const [first] = addresses;
      if (error !== null || first === undefined) {
        done(error ?? new Error(`${hostname} has no address`), '', 0);
      } else if (options.all === true) done(null, [...addresses]);
      else done(null, first.address, first.family);
    });
  };

  private find(hostname: string, answer: Answer): void {
    const name = this.nameOf(hostname);
    const ageMs = this.now() - name.knownAt;
    const isKnown = name.addresses.length > 0;
    if (isKnown || (name.error !== null && ageMs < FAILED_MS)) {
      process.nextTick(answer, isKnown ? null : name.error, name.addresses);
      if (isKnown && ageMs >= FRESH_MS) this.ask(hostname, name);
      return;
    }
    this.ask(hostname, name).push(answer);
  }

  private nameOf(hostname: string): Name {
    const known = this.names.get(hostname);
    if (known !== undefined) return known;
    const name: Name = { addresses: [], error: null, knownAt: -Infinity, waiting: null };
    this.names.set(hostname, name);
    return name;
  }

  /** Joins the look-up under way, or begins one. A name that is not found any more keeps its addresses. */
  private ask(hostname: string, name: Name): Answer[] {
    if (name.waiting !== null) return name.waiting;
    const waiting: Answer[] = [];
    name.waiting = waiting;
    this.lookUp(hostname, { all: true }, (error, addresses) => {
      name.waiting = null;
      name.error = error;
      name.knownAt = this.now();
      if (error === null) name.addresses = addresses;
      for (const answer of waiting) answer(error, name.addresses);
    });
    return waiting;
  }
}
