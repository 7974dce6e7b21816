import { violation, type Verdict } from './history.js';
import { TimeLine, type Interval } from './timeLine.js';

/** A sequential object: what its operations do, and what they may answer. */
export interface Model<State, Op extends Interval> {
  readonly init: State;
  /**
   * Whether the operation may answer what it answered in this state, and the state after it. An operation
   * with an unknown outcome may answer anything: always true. Changes nothing in place.
   */
  step(state: State, operation: Op): readonly [isLegal: boolean, next: State];
  /** Equal exactly for equal states. */
  key(state: State): string;
  /** Whether the operation, having answered what it did, changed nothing in whatever state it took place. */
  isPassive(operation: Op): boolean;
}

export interface SearchOptions {
  /**
   * Calls of `Model.step` before the search gives up.
   * @default 1_000_000
   */
  readonly budgetSteps?: number;
}

const defaultBudgetSteps = 1_000_000;

interface Frame<State> {
  readonly operation: number;
  readonly state: State;
  readonly stateKey: string;
  readonly used: bigint;
  /** Nothing to gain from trying another operation in its place. */
  readonly isForced: boolean;
}

/**
 * Whether the operations on one object are linearizable (Herlihy & Wing, "Linearizability: a correctness
 * condition for concurrent objects", 1990): whether there is an order of them that the object alone could have
 * executed, in which no operation comes before one that had returned when it was called. Operations that
 * touch at one instant count as concurrent.
 *
 * The search is that of Wing & Gong ("Testing and verifying concurrent objects", 1993): take any operation
 * that no unplaced one must precede, step the model, go back when stuck; with the memory of Lowe ("Testing
 * for linearizability", 2017): a set of placed operations with the state they lead to is never entered
 * twice. Three more savings, none of which loses an answer:
 * - A passive operation (a read, a refusal) that may come next is placed at once and for good: in every order
 *   that has it later it can be moved here, for no other operation notices.
 * - Operations with an unknown outcome are open: they come last among the candidates, only when they change
 *   the state, and not when they wipe out what an open one just before did: never taking effect is
 *   free. The search ends when all answered ones are placed.
 * - To have used up more open operations for the same result is no better (`SearchMemory`).
 *
 * Exponential at worst. On a violation `operations` are those under way when the longest order got stuck,
 * the stuck one among them, and the last one it had placed.
 *
 * @returns ok `unknown` when the budget ran out
 */
export function searchLinearization<State, Op extends Interval>(
  model: Model<State, Op>,
  history: readonly Op[],
  { budgetSteps = defaultBudgetSteps }: SearchOptions = {},
): Verdict<Op> {
  const line = new TimeLine(history.filter(({ outcome }) => outcome.status !== 'failed'));
  const placed = new LinearizedSet(line.unplacedAnswered);
  const memory = new SearchMemory();
  const frames: Frame<State>[] = [];
  let state = model.init;
  let stateKey = model.key(state);
  /** One bit for each open operation placed. */
  let used = 0n;
  let stuck = { at: -1, operation: -1, last: -1 };
  let steps = 0;

  /** The candidate to try after the last placed one was taken back; undefined when there is none left. */
  const goBack = (): number | undefined => {
    for (let frame = frames.pop(); frame !== undefined; frame = frames.pop()) {
      line.restore(frame.operation);
      if (!line.isOpen(frame.operation)) placed.delete(frame.operation);
      ({ state, stateKey, used } = frame);
      if (!frame.isForced) return line.candidateAfter(frame.operation);
    }
    return undefined;
  };

  /** Whether the last placed operation is open and this one leads to the same state without it. */
  const wipesOut = (operation: Op, nextKey: string): boolean => {
    const last = frames.at(-1);
    return (
      last !== undefined &&
      line.isOpen(last.operation) &&
      model.key(model.step(last.state, operation)[1]) === nextKey
    );
  };

  let candidate = line.firstCandidate();
  while (line.unplacedAnswered > 0) {
    if (candidate === undefined) {
      const first = line.firstReturn();
      if (first !== undefined && first.rank > stuck.at) {
        stuck = { at: first.rank, operation: first.operation, last: frames.at(-1)?.operation ?? -1 };
      }
      candidate = goBack();
      if (candidate === undefined && frames.length === 0) return stuckViolation(line, stuck);
      continue;
    }
    steps += 1;
    if (steps > budgetSteps) return { ok: 'unknown', reason: `no answer within ${budgetSteps} steps` };
    const operation = line.at(candidate);
    const [isLegal, next] = model.step(state, operation);
    const nextKey = next === state ? stateKey : model.key(next);
    const isOpen = line.isOpen(candidate);
    if (!isLegal || (isOpen && (nextKey === stateKey || wipesOut(operation, nextKey)))) {
      candidate = line.candidateAfter(candidate);
      continue;
    }
    const isForced = model.isPassive(operation);
    const nextUsed = used | line.openBit(candidate);
    if (!isOpen) placed.add(candidate);
    if (!memory.enter(`${placed.key()} ${nextKey}`, nextUsed)) {
      if (!isOpen) placed.delete(candidate);
      candidate = isForced ? undefined : line.candidateAfter(candidate);
      continue;
    }
    frames.push({ operation: candidate, state, stateKey, used, isForced });
    used = nextUsed;
    line.remove(candidate);
    state = next;
    stateKey = nextKey;
    candidate = line.firstCandidate();
  }
  return { ok: true };
}

function stuckViolation<Op extends Interval>(
  line: TimeLine<Op>,
  stuck: { readonly operation: number; readonly last: number },
): Verdict<Op> {
  const culprit = line.at(stuck.operation);
  const until = culprit.returnedAt ?? Infinity;
  const concurrent = line.operations.filter(
    ({ invokedAt, returnedAt }) => invokedAt <= until && (returnedAt ?? Infinity) >= culprit.invokedAt,
  );
  const shown = stuck.last < 0 ? concurrent : [line.at(stuck.last), ...concurrent];
  return violation(`no order explains the operation that returned at ${until}`, [...shown, culprit]);
}

/** A set of placed operations, numbered from 0, that can be told from every other by a short text. */
export class LinearizedSet {
  private readonly words: Uint32Array;
  /** All words before this one are full. */
  private full = 0;
  /** All words from this one on are empty. */
  private end = 0;

  /** @param size the numbers are below this */
  constructor(size: number) {
    this.words = new Uint32Array(Math.ceil(size / 32) + 1);
  }

  add(operation: number): void {
    const word = operation >>> 5;
    this.words[word] = this.word(word) | (1 << (operation & 31));
    while (this.word(this.full) === 0xffffffff) this.full += 1;
    if (word >= this.end) this.end = word + 1;
  }

  delete(operation: number): void {
    const word = operation >>> 5;
    this.words[word] = this.word(word) & ~(1 << (operation & 31));
    if (word < this.full) this.full = word;
    while (this.end > 0 && this.word(this.end - 1) === 0) this.end -= 1;
  }

  /** Equal exactly for equal sets. Short when the set is nearly all numbers up to some point. */
  key(): string {
    let text = `${this.full}`;
    for (let index = this.full; index < this.end; index += 1) {
      const word = this.word(index);
      if (word !== 0) text += `,${index}:${word}`;
    }
    return text;
  }

  private word(index: number): number {
    return this.words[index] ?? 0;
  }
}

/**
 * The configurations a search has entered: which answered operations were placed, the state they led to, and
 * which open ones (unknown outcome) were used up on the way.
 *
 * Lowe's memory asks for equality. Here a configuration is also known when one was entered with the same
 * answered operations, the same state and only some of its open ones: whatever can follow can follow there
 * too, with more open ones left to use.
 */
class SearchMemory {
  private readonly entered = new Map<string, bigint[]>();

  /**
   * Notes the configuration. Returns false when it was known.
   *
   * @param place tells the answered operations and the state
   * @param used one bit for each open operation used up
   */
  enter(place: string, used: bigint): boolean {
    const known = this.entered.get(place);
    if (known === undefined) {
      this.entered.set(place, [used]);
      return true;
    }
    if (known.some((fewer) => (fewer & used) === fewer)) return false;
    known.push(used);
    return true;
  }
}
