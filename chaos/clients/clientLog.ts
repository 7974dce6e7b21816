import { HistoryRecorder } from '../../src/verify/index.js';
import type { RunMs, RunOperation, ServerId } from '../runRecord.js';
import { AttemptLog } from './attempts.js';

/** The calls of all clients of a run and the answers to them: the history, and each single call behind it. */
export class ClientLog {
  readonly history: HistoryRecorder;
  readonly calls: AttemptLog;

  constructor(now: () => RunMs) {
    this.history = new HistoryRecorder(now);
    this.calls = new AttemptLog(now);
  }

  /** The history with who was asked last, and how many times anybody was asked. */
  operations(): RunOperation[] {
    const asked = new Map<number, { server: ServerId; attempts: number }>();
    for (const { operation, server } of this.calls.attempts) {
      asked.set(operation, { server, attempts: (asked.get(operation)?.attempts ?? 0) + 1 });
    }
    return this.history.operations().map((operation) => ({
      ...operation,
      server: asked.get(operation.id)?.server ?? null,
      attempts: asked.get(operation.id)?.attempts ?? 0,
    }));
  }
}
