import { isDeepStrictEqual } from 'node:util';
import {
  entryOf,
  inWords,
  mapProblem,
  replyText,
  updateSays,
  wholeNumber,
  type Reply,
} from '../subject/reply.js';
import { until, type Subject } from '../subject/subject.js';
import { judgeLosses } from './idle.js';
import { StepEnded, type Lab } from './lab.js';
import { otherLeader } from './starts.js';
import { notAFault, type Step, type Verdicts } from './step.js';

const REPLICATED_MS = 2_000;
const ROUNDS = 8;
const AT_ONCE = 6;

/** One client, one call after the other: files, versions, and the form of each answer. */
export const basics: Step = {
  title: 'One client reads and writes',
  judges: [
    'version-of-missing',
    'followers-refuse',
    'first-update',
    'update-form',
    'version-form',
    'replicated',
    'versions-count',
    'versions-checked',
    'map-form',
    'hashes-returned',
    'one-of-concurrent',
  ],
  async perform(lab, verdicts) {
    const leader = await lab.settle();
    await missingFile(lab, verdicts);
    const file = lab.newFile();
    await followersRefuse(lab, verdicts, leader, file);
    await firstUpdate(verdicts, leader, file);
    lab.takeTrace();
    await replicated(lab, verdicts, leader, file);
    lab.takeTrace();
    await versionsChecked(verdicts, leader, file);
    lab.takeTrace();
    await mapOf(lab, verdicts, leader);
    lab.takeTrace();
    await oneOfConcurrent(lab, verdicts, leader);
    lab.takeTrace();
    const lost = await otherLeader(lab, leader.id, 0);
    if (lost === undefined) return;
    lab.noteLoss(`server ${leader.id} led while one client read and wrote, and ${lost}`);
    judgeLosses(lab, verdicts);
  },
};

async function missingFile(lab: Lab, verdicts: Verdicts): Promise<void> {
  const replies = await Promise.all(
    lab.subjects.map((subject) => subject.call('tester_getversion', ['never written.txt'])),
  );
  const wrong = replies.findIndex(
    (reply) => reply.kind !== 'value' || (reply.value !== null && reply.value !== 0),
  );
  const reply = replies[wrong];
  if (replies.some((each) => each.kind === 'value' && each.value === null))
    verdicts.remark('version-of-missing', 'None is understood; 0 is what testers compare with.');
  verdicts.hold(
    'version-of-missing',
    reply === undefined
      ? undefined
      : `Server ${wrong} was asked for the version of a file that was never written, and gave ${replyText(reply)}.`,
    'All servers gave 0 for a file that was never written.',
  );
}

async function followersRefuse(lab: Lab, verdicts: Verdicts, leader: Subject, file: string): Promise<void> {
  const problems: string[] = [];
  for (const follower of lab.followersOf(leader)) {
    const name = `at server ${follower.id}, which does not lead,`;
    problems.push(
      ...[
        notAFault(await follower.update(file, 1, ['no']), `updatefile ${name}`),
        notAFault(await follower.map(), `getfileinfomap ${name}`),
      ].filter((problem) => problem !== undefined),
    );
  }
  verdicts.hold(
    'followers-refuse',
    problems[0] === undefined ? undefined : `${problems[0]}.`,
    'Each server that does not lead answered updatefile and getfileinfomap with a fault.',
  );
}

async function firstUpdate(verdicts: Verdicts, leader: Subject, file: string): Promise<void> {
  const before = (await leader.version(file)) ?? 0;
  const reply = await leader.update(file, before + 1, ['a1', 'b2']);
  const versionReply = await leader.call('tester_getversion', [file]);
  const version = versionReply.kind === 'value' ? wholeNumber(versionReply.value) : undefined;
  // An answer that is neither yes nor no does not hide whether anything was done.
  const moved = version !== undefined && version > before;
  const problem =
    reply.kind === 'value' && updateSays(reply) !== 'refused' && (moved || updateSays(reply) === 'applied')
      ? undefined
      : `updatefile("${file}", ${before + 1}, ["a1", "b2"]) at the leader, server ${leader.id}, gave ${replyText(reply)}.`;
  verdicts.hold(
    'first-update',
    problem,
    `The leader, server ${leader.id}, applied version ${before + 1} in ${Math.round(reply.ms)} ms.`,
  );
  if (reply.kind === 'value' && (reply.value === 1 || reply.value === 0))
    verdicts.remark('update-form', '1 and 0 are understood; True and False are meant.');
  const isBoolean =
    reply.kind === 'value' && (typeof reply.value === 'boolean' || reply.value === 1 || reply.value === 0);
  verdicts.hold(
    'update-form',
    isBoolean ? undefined : `updatefile gave ${replyText(reply)}, neither True nor False.`,
    `updatefile gave ${replyText(reply)}.`,
  );
  verdicts.hold(
    'version-form',
    version === undefined
      ? `tester_getversion gave ${replyText(versionReply)}, not a whole number.`
      : undefined,
    `tester_getversion gave ${replyText(versionReply)}.`,
  );
  if (problem !== undefined) throw new StepEnded('The leader did not take the first version of a file.');
  verdicts.hold(
    'versions-count',
    version !== undefined && version !== before + 1
      ? `After updatefile("${file}", ${before + 1}, ...) the leader has version ${version}.`
      : undefined,
    `After one update the leader has version ${version ?? '?'}.`,
  );
}

async function replicated(lab: Lab, verdicts: Verdicts, leader: Subject, file: string): Promise<void> {
  const version = ((await leader.version(file)) ?? 0) + 1;
  const reply = await leader.update(file, version, ['c3']);
  const since = performance.now();
  const atReply = await Promise.all(lab.subjects.map((subject) => subject.version(file)));
  const knowing = atReply.filter((each) => each !== undefined && each >= version).length;
  if (knowing < lab.majority)
    verdicts.remark(
      'replicated',
      `At the reply ${knowing} of ${lab.subjects.length} servers had the version: the assignment lets the leader reply when a majority has it.`,
    );
  let versions = atReply;
  const all = await until(REPLICATED_MS * lab.allowance, async () => {
    versions = await Promise.all(lab.subjects.map((subject) => subject.version(file)));
    return versions.every((each) => each !== undefined && each >= version) ? true : undefined;
  });
  const seen = versions.map((each) => each ?? '?').join(', ');
  verdicts.hold(
    'replicated',
    all === true
      ? undefined
      : `Version ${version} of "${file}" was answered ${replyText(reply)}; two seconds later the servers have versions ${seen}.`,
    `All servers had version ${version} after ${Math.round(performance.now() - since)} ms.`,
  );
}

async function versionsChecked(verdicts: Verdicts, leader: Subject, file: string): Promise<void> {
  const version = (await leader.version(file)) ?? 0;
  const wrong = [version, version + 4, Math.max(0, version - 1)];
  let problem: string | undefined;
  for (const each of wrong) {
    const reply = await leader.update(file, each, ['wrong']);
    if (reply.kind === 'fault')
      verdicts.remark(
        'versions-checked',
        `A version that was refused gave ${replyText(reply)}; False is meant.`,
      );
    if (updateSays(reply) === 'applied' || reply.kind === 'silent')
      problem ??= `"${file}" has version ${version}, and version ${each} was answered ${replyText(reply)}.`;
    const now = await leader.version(file);
    if (now !== version)
      problem ??= `"${file}" had version ${version}; after an update to version ${each} it has ${now ?? 'no'} version.`;
  }
  const right = await leader.update(file, version + 1, ['d4']);
  const now = await leader.version(file);
  if (now !== version + 1)
    problem ??= `"${file}" has version ${version}; version ${version + 1} was answered ${replyText(right)}, and it has version ${now ?? '?'} now.`;
  verdicts.hold(
    'versions-checked',
    problem,
    `With version ${version} stored, ${wrong.join(', ')} were refused and ${version + 1} was applied.`,
  );
}

async function mapOf(lab: Lab, verdicts: Verdicts, leader: Subject): Promise<void> {
  const lists = [['e5', 'f6', 'g7'], ['only one'], [1, 2, 3]] as const;
  const files = lists.map(() => lab.newFile());
  for (const [place, list] of lists.entries()) await leader.update(files[place] ?? '', 1, list);
  const reply = await leader.map();
  if (reply.kind === 'silent' || reply.kind === 'fault') {
    const summary = `getfileinfomap at the leader, server ${leader.id}, gave ${replyText(reply)}.`;
    verdicts.fail('map-form', summary);
    verdicts.fail('hashes-returned', summary);
    return;
  }
  const form = mapProblem(reply.value);
  const wrong = lists.flatMap((list, place) => wrongEntry(reply, files[place] ?? '', list));
  // A hash list that is no list is told as what it is.
  const isListProblem = form?.includes('as the hash list') === true;
  verdicts.hold(
    'map-form',
    form === undefined || isListProblem ? undefined : `The answer of getfileinfomap ${form}.`,
    'getfileinfomap gave name -> [version, hash list].',
  );
  if (form !== undefined && !isListProblem) {
    verdicts.rest(['hashes-returned'], 'The map has not the form in which hash lists could be read.');
    return;
  }
  verdicts.hold(
    'hashes-returned',
    isListProblem ? `The answer of getfileinfomap ${form}.` : wrong[0],
    'Hash lists of texts and of numbers came back as they were written.',
  );
}

function wrongEntry(reply: Reply, file: string, list: readonly unknown[]): string[] {
  const entry = entryOf(reply, file);
  if (entry === undefined) return [`"${file}" was written with ${inWords(list)}, and is not in the map.`];
  return isDeepStrictEqual(entry.hashList, [...list])
    ? []
    : [`"${file}" was written with ${inWords(list)}, and the map has ${inWords(entry.hashList)}.`];
}

async function oneOfConcurrent(lab: Lab, verdicts: Verdicts, leader: Subject): Promise<void> {
  let problem: string | undefined;
  for (let round = 0; round < ROUNDS && problem === undefined; round += 1) {
    const file = lab.newFile();
    const replies = await Promise.all(
      Array.from({ length: AT_ONCE }, (_, client) => leader.update(file, 1, [`client${client}`])),
    );
    const applied = replies.filter((reply) => updateSays(reply) === 'applied').length;
    const unclear = replies.filter((reply) => updateSays(reply) === 'unclear');
    const version = await leader.version(file);
    if (applied > 1)
      problem = `${applied} of ${AT_ONCE} updates of "${file}" to version 1 at the same moment were answered True: their version is checked before they are in order, not when they are applied.`;
    else if (version !== 1)
      problem = `After ${AT_ONCE} updates of "${file}" to version 1 at the same moment the leader has version ${version ?? '?'}.`;
    else if (applied === 0 && unclear.length === 0)
      problem = `None of ${AT_ONCE} updates of "${file}" to version 1 at the same moment was answered True.`;
    else if (unclear.some(({ kind }) => kind !== 'value'))
      problem = `Of ${AT_ONCE} updates of "${file}" at the same moment one was answered ${replyText(unclear[0] ?? replies[0] ?? { kind: 'silent', text: 'no answer', ms: 0 })}.`;
  }
  verdicts.hold(
    'one-of-concurrent',
    problem,
    `In ${ROUNDS} rounds of ${AT_ONCE} updates at the same moment one was applied each time.`,
  );
}
