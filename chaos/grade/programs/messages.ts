import type { ExamRun } from '../examRun.js';
import { messagesFailures } from '../keyValue/messagesFailures.js';
import { MessagesLab } from '../keyValue/messagesLab.js';
import { messagesMany } from '../keyValue/messagesMany.js';
import { messagesBasics, messagesSafety, messagesStart } from '../keyValue/messagesService.js';

const SERVERS = 5;

/** JSON messages: first one client, then servers are ended; then new servers, and many clients. */
export async function messagesProgram(run: ExamRun): Promise<void> {
  const { consistency, seed, wire } = run.options;
  if (consistency === 'eventual') run.notMeasured(['linearizable'], 'Not asked for: --consistency eventual.');
  let found = wire;
  const labOf = (name: string): Promise<MessagesLab> =>
    MessagesLab.prepare(run.clusterOptions(SERVERS, name), run.allowance, found);
  await run.within(labOf('one-client'), async (lab) => {
    await run.perform(messagesStart, lab);
    if (run.hasFailed('starts')) return;
    await lab.findWire();
    found = lab.wire;
    await run.perform(messagesBasics, lab);
    if (run.hasFailed('put')) return;
    await run.perform(messagesSafety, lab);
    await run.perform(messagesFailures, lab);
  });
  if (run.hasFailed('starts') || run.hasFailed('put')) return;
  await run.within(labOf('many-clients'), (lab) => run.perform(messagesMany(seed, consistency), lab));
}
