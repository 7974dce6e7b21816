import { setTimeout as sleep } from 'node:timers/promises';
import { replyText } from '../subject/reply.js';
import type { Step } from './step.js';

const DYING_MS = 300;

/** A call that nobody registered. */
export const unknownMethod: Step = {
  title: 'A method that does not exist is called',
  judges: ['unknown-method'],
  async perform(lab, verdicts) {
    await lab.settle();
    const subject = lab.subject(0);
    const reply = await subject.call('noSuchMethod');
    await sleep(DYING_MS);
    const after = await subject.call('isCrashed');
    const isRunning = lab.cluster.process(0)?.isRunning === true;
    if (reply.kind === 'value')
      verdicts.remark('unknown-method', `It was answered ${replyText(reply)}; a fault is meant.`);
    verdicts.hold(
      'unknown-method',
      !isRunning
        ? 'A call of surfstore.noSuchMethod ended the process of server 0.'
        : after.kind === 'value'
          ? undefined
          : `After a call of surfstore.noSuchMethod, isCrashed at server 0 gave ${replyText(after)}.`,
      `surfstore.noSuchMethod gave ${replyText(reply)}, and the server lived on.`,
    );
  },
};
