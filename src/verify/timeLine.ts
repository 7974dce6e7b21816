/** Stands before the first and after the last of a ring. */
interface Link {
  previous: Link;
  next: Link;
}

interface Event extends Link {
  /** Number of its operation. */
  readonly operation: number;
  readonly isReturn: boolean;
  readonly time: number;
  /** Its place among all events. */
  rank: number;
}

/**
 * The operations a search has still to place, as calls and returns in order of time (Wing & Gong 1993, as
 * told by Lowe 2017). Operations are numbered: the answered ones first, then the open ones (unknown
 * outcome), each in order of call. Open ones keep a line of their own, without returns.
 */
export class TimeLine<Op extends Interval> {
  readonly operations: readonly Op[];
  /** Answered operations not yet placed. */
  unplacedAnswered: number;
  private readonly answeredCount: number;
  private readonly answered = ring();
  private readonly open = ring();
  private readonly calls: Event[] = [];
  private readonly returns: Event[] = [];

  constructor(history: readonly Op[]) {
    const byCall = [...history].sort((a, b) => a.invokedAt - b.invokedAt);
    const answered = byCall.filter(({ outcome }) => outcome.status === 'ok');
    this.operations = [...answered, ...byCall.filter(({ outcome }) => outcome.status !== 'ok')];
    this.answeredCount = answered.length;
    this.unplacedAnswered = answered.length;
    for (const [operation, { invokedAt, returnedAt }] of this.operations.entries()) {
      this.calls.push(event(operation, false, invokedAt));
      if (!this.isOpen(operation)) this.returns.push(event(operation, true, returnedAt ?? Infinity));
    }
    // The sort is stable: at one instant calls stay before returns, so that what only touches is concurrent.
    const events = [...this.calls, ...this.returns].sort((a, b) => a.time - b.time);
    for (const [rank, each] of events.entries()) {
      each.rank = rank;
      append(this.isOpen(each.operation) ? this.open : this.answered, each);
    }
  }

  at(operation: number): Op {
    return present(this.operations[operation]);
  }

  isOpen(operation: number): boolean {
    return operation >= this.answeredCount;
  }

  /** One bit of its own for each open operation; none for an answered one. */
  openBit(operation: number): bigint {
    return this.isOpen(operation) ? 1n << BigInt(operation - this.answeredCount) : 0n;
  }

  /**
   * The return of an unplaced operation that comes first: every candidate was called before it. Undefined when
   * all answered operations are placed.
   */
  firstReturn(): { readonly rank: number; readonly operation: number } | undefined {
    let link = this.answered.next;
    while (isEvent(link) && !link.isReturn) link = link.next;
    return isEvent(link) ? link : undefined;
  }

  /** The first unplaced operation that may come next; undefined when there is none. */
  firstCandidate(): number | undefined {
    return this.candidateFrom(this.answered.next);
  }

  /** The one to try after `operation`, itself a candidate: answered ones by order of call, then open ones. */
  candidateAfter(operation: number): number | undefined {
    return this.candidateFrom(present(this.calls[operation]).next);
  }

  /** The operation is placed. */
  remove(operation: number): void {
    unlink(present(this.calls[operation]));
    if (this.isOpen(operation)) return;
    unlink(present(this.returns[operation]));
    this.unplacedAnswered -= 1;
  }

  /** Takes back the last `remove`. */
  restore(operation: number): void {
    if (!this.isOpen(operation)) {
      relink(present(this.returns[operation]));
      this.unplacedAnswered += 1;
    }
    relink(present(this.calls[operation]));
  }

  private candidateFrom(link: Link): number | undefined {
    let at = link;
    if (at === this.answered || (isEvent(at) && at.isReturn)) at = this.open.next;
    if (!isEvent(at)) return undefined;
    if (!this.isOpen(at.operation)) return at.operation;
    return at.rank < (this.firstReturn()?.rank ?? 0) ? at.operation : undefined;
  }
}

function event(operation: number, isReturn: boolean, time: number): Event {
  return Object.assign(ring(), { operation, isReturn, time, rank: 0 });
}

function ring(): Link {
  const link = {} as Link;
  link.previous = link;
  link.next = link;
  return link;
}

function isEvent(link: Link): link is Event {
  return 'operation' in link;
}

function append(ringStart: Link, link: Link): void {
  link.previous = ringStart.previous;
  link.next = ringStart;
  relink(link);
}

function unlink({ previous, next }: Link): void {
  previous.next = next;
  next.previous = previous;
}

function relink(link: Link): void {
  link.previous.next = link;
  link.next.previous = link;
}

function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('no such operation');
  return value;
}

/** What the search needs to know of an operation. */
export interface Interval {
  readonly invokedAt: number;
  /** Used when the outcome is `ok`. */
  readonly returnedAt: number | null;
  /** `failed`: left out. `unknown`: takes effect at any time from its invocation on, or never. */
  readonly outcome: { readonly status: 'ok' | 'failed' | 'unknown' };
}
