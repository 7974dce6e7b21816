import type { Assertion } from './assertion.js';
import { electionAssertions } from './election.js';
import { replicationAssertions } from './replication.js';

/** All assertions, in the order in which they are shown. */
export const assertions: readonly Assertion[] = [...electionAssertions, ...replicationAssertions];
