import type { SeenStatus } from './calls/answers.js';
import type { RunMs, ServerId } from './runRecord.js';

/** An observation that the story wrote down for the evaluation. */
export type Note =
  | {
      readonly kind: 'statuses';
      readonly at: RunMs;
      readonly title: string;
      readonly about: string;
      /** By server; undefined: it gave none. */
      readonly statuses: readonly (SeenStatus | undefined)[];
    }
  | {
      readonly kind: 'call';
      readonly at: RunMs;
      /** As in `put "a"`. */
      readonly call: string;
      readonly outcome: string;
      /** Who was asked last. */
      readonly server: ServerId | null;
    };

/** Whether something that the story expected came true. */
export interface ExpectationResult {
  readonly at: RunMs;
  readonly isMet: boolean;
  /** As in "a new leader within 5 s: server 2 after 812 ms". */
  readonly text: string;
}
