/** The parts of the assignment's rubric. */
export const parts = ['election', 'replication'] as const;
export type Part = (typeof parts)[number];

/** Something that a server must do, and that is worth points. */
export interface Assertion {
  readonly id: string;
  readonly part: Part;
  /** As a sentence about the servers. */
  readonly title: string;
  /** Its share of the points of its part, beside the others. */
  readonly weight: number;
  /** The words of the assignment that it comes from. */
  readonly source: string;
  /** Python that repeats it by hand, after the two lines of `pythonPreamble`. */
  readonly python: string;
}

/** Makes `s`, the servers of the config file of the assignment, and `leader()`. */
export const pythonPreamble =
  'from xmlrpc.client import ServerProxy; from time import sleep\n' +
  "s = [ServerProxy(f'http://localhost:{9001 + i}/RPC2').surfstore for i in range(5)]; leader = lambda: next(x for x in s if x.isLeader())";
