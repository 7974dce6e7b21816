import type { FaultSpan, RunMs, ServerId } from '../runRecord.js';

/** Who was up and who could hear whom, during a stretch of time in which the monkey changed nothing. */
export class Conditions {
  constructor(
    readonly from: RunMs,
    readonly to: RunMs,
    private readonly serverCount: number,
    private readonly active: readonly FaultSpan[],
  ) {}

  get servers(): ServerId[] {
    return Array.from({ length: this.serverCount }, (_, server) => server);
  }

  get majority(): number {
    return Math.floor(this.serverCount / 2) + 1;
  }

  isUp(server: ServerId): boolean {
    return !this.active.some((span) => span.server === server && span.kind !== 'unreachable');
  }

  /** Whether what `speaker` sends reaches `listener`. */
  hears(listener: ServerId, speaker: ServerId): boolean {
    if (!this.isUp(listener) || !this.isUp(speaker)) return false;
    return !this.active.some(
      (span) =>
        span.server === listener && span.kind === 'unreachable' && span.from?.includes(speaker) === true,
    );
  }

  /** Those that hear this one, itself among them: empty when it is down. */
  audienceOf(speaker: ServerId): ServerId[] {
    return this.servers.filter((listener) => this.hears(listener, speaker));
  }

  /** Whether so many of these servers as make a majority all hear one another, `member` among them if given. */
  hasMajority(among: readonly ServerId[] = this.servers, member?: ServerId): boolean {
    const up = among.filter((server) => this.isUp(server));
    const linked = (a: ServerId, b: ServerId): boolean => this.hears(a, b) && this.hears(b, a);
    if (member === undefined) return hasClique([], up, this.majority, linked);
    if (!up.includes(member)) return false;
    const others = up.filter((server) => server !== member && linked(server, member));
    return hasClique([member], others, this.majority, linked);
  }
}

/** The run cut at every moment at which a fault began or ended. */
export function conditionsOf(
  serverCount: number,
  faults: readonly FaultSpan[],
  end: RunMs,
): readonly Conditions[] {
  const moments = faults
    .flatMap(({ startedAt, endedAt }) => [startedAt, endedAt ?? end])
    .filter((at) => at > 0 && at < end);
  const cuts = [0, ...new Set(moments.sort((a, b) => a - b)), end];
  return cuts.slice(1).map((to, index) => {
    const from = cuts[index] ?? 0;
    const active = faults.filter((span) => span.startedAt <= from && (span.endedAt ?? end) >= to);
    return new Conditions(from, to, serverCount, active);
  });
}

/** Whether `chosen`, which are all linked, can be made `size` many with candidates that are linked to all of them. */
function hasClique(
  chosen: readonly ServerId[],
  candidates: readonly ServerId[],
  size: number,
  linked: (a: ServerId, b: ServerId) => boolean,
): boolean {
  if (chosen.length >= size) return true;
  return candidates.some((candidate, index) => {
    const rest = candidates.slice(index + 1);
    if (chosen.length + 1 + rest.length < size) return false;
    return hasClique(
      [...chosen, candidate],
      rest.filter((other) => linked(other, candidate)),
      size,
      linked,
    );
  });
}
