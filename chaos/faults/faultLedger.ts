import type { FaultKind, FaultSpan, RunMs, ServerId } from '../runRecord.js';

interface OpenSpan {
  readonly server: ServerId;
  readonly kind: FaultKind;
  readonly startedAt: RunMs;
  endedAt: RunMs | null;
  readonly from?: readonly ServerId[];
  heldFrom?: RunMs;
  heldTo?: RunMs;
}

/** The book of what is, and was, done to which server. */
export class FaultLedger {
  private readonly spans: OpenSpan[] = [];

  constructor(private readonly now: () => RunMs) {}

  /** The server suffers this from now on; a fault of the same kind that it suffers already goes on. */
  begin(server: ServerId, kind: Exclude<FaultKind, 'unreachable'>): void {
    if (this.open(server, kind) !== undefined) return;
    this.spans.push({ server, kind, startedAt: this.now(), endedAt: null });
  }

  /** From now on the fault has its effect on the server. */
  holds(server: ServerId, kind: FaultKind): void {
    const span = this.open(server, kind);
    if (span !== undefined) span.heldFrom ??= this.now();
  }

  /** It is about to be undone, and may have no effect from now on. */
  releases(server: ServerId, kind: FaultKind): void {
    const span = this.open(server, kind);
    if (span !== undefined) span.heldTo ??= this.now();
  }

  end(server: ServerId, kind: FaultKind): void {
    const span = this.open(server, kind);
    if (span !== undefined) span.endedAt = this.now();
  }

  /** From now on the server does not hear these, and hears all others. */
  setUnreachable(server: ServerId, from: readonly ServerId[]): void {
    this.end(server, 'unreachable');
    if (from.length === 0) return;
    this.spans.push({ server, kind: 'unreachable', startedAt: this.now(), endedAt: null, from: [...from] });
  }

  suffers(server: ServerId, kind: FaultKind): boolean {
    return this.open(server, kind) !== undefined;
  }

  /** Whether it runs: not crashed, killed or paused. It may still be cut off. */
  isUp(server: ServerId): boolean {
    return !this.spans.some(
      (span) => span.server === server && span.kind !== 'unreachable' && span.endedAt === null,
    );
  }

  /** Those that the server does not hear now. */
  unheardBy(server: ServerId): readonly ServerId[] {
    return this.open(server, 'unreachable')?.from ?? [];
  }

  all(): FaultSpan[] {
    return this.spans.map((span) => ({ ...span }));
  }

  private open(server: ServerId, kind: FaultKind): OpenSpan | undefined {
    return this.spans.findLast(
      (span) => span.server === server && span.kind === kind && span.endedAt === null,
    );
  }
}
