import { readFileSync } from 'node:fs';

/** Fewer file descriptors than this are not enough to serve the largest cluster and its clients. */
export const DESCRIPTORS_MIN = 256;

/** How the file descriptors of one server are shared out. */
export interface DescriptorShares {
  /** Connections of clients at a time. */
  readonly clientsMax: number;
  /** Connections beside them, for peers and for those that have yet to show that they are peers. */
  readonly sparesMax: number;
  /** Connections for calls that are passed on to one other server. */
  readonly passedOnMax: number;
}

/** At most so many calls of clients are passed on to one other server at a time, however many descriptors there are. */
const PASSED_ON_MAX = 1_000;
/** A peer has one append, a few heartbeats and a few late requests under way. */
const PER_PEER = 8;
/** Connections that are looked at before they are refused. */
const STRANGERS = 8;
/** The files of the program, its log and its data directory. */
const FILES_MIN = 40;
const FILES_MAX = 1_024;

/** How many files and connections this process may have open; Infinity when nothing limits it or nothing is known. */
export function descriptorLimit(): number {
  const found = /^Max open files\s+(\d+)/m.exec(limitsOfLinux() ?? '');
  if (found !== null) return Number(found[1]);
  const { userLimits } = process.report.getReport() as {
    userLimits?: { open_files?: { soft?: number | string } };
  };
  const soft = userLimits?.open_files?.soft;
  return typeof soft === 'number' ? soft : Infinity;
}

/**
 * Every call of a client may take two descriptors on a server that does not lead: its own connection, and the one on
 * which it is passed on. What peers and files need is set aside first.
 */
export function sharesOf(limit: number, peers: number): DescriptorShares {
  const sparesMax = PER_PEER * peers + STRANGERS;
  if (limit === Infinity) return { clientsMax: Infinity, sparesMax, passedOnMax: PASSED_ON_MAX };
  const files = Math.min(FILES_MAX, Math.max(FILES_MIN, Math.floor(limit / 8)));
  const rest = limit - files - PER_PEER * peers - sparesMax;
  if (peers === 0) return { clientsMax: rest, sparesMax, passedOnMax: 1 };
  const passedOnMax = Math.min(PASSED_ON_MAX, Math.max(2, Math.floor(rest / (4 * peers))));
  return { clientsMax: Math.max(STRANGERS, rest - passedOnMax * peers), sparesMax, passedOnMax };
}

function limitsOfLinux(): string | undefined {
  try {
    return readFileSync('/proc/self/limits', 'utf8');
  } catch {
    return undefined;
  }
}
