/** Thrown when the core's own state breaks a rule of Raft: a bug here, never a fault of the outside. The driver stops the server. */
export class InvariantViolation extends Error {
  override readonly name = 'InvariantViolation';
}
