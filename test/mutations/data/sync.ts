import type { Mutation } from '../mutation.js';

const plan = 'src/sync/plan.ts';
const names = 'src/sync/names.ts';
const brakes = 'src/sync/brakes.ts';
const upload = 'src/sync/upload.ts';
const download = 'src/sync/download.ts';
const scan = 'src/sync/scan.ts';
const state = 'src/sync/state.ts';
const engine = 'src/sync/syncFolder.ts';

const ours = 'ours';

function mutation(
  id: string,
  title: string,
  file: string,
  find: string,
  replace: string,
  source = ours,
): Mutation {
  return { id, title, source, edits: [{ file, find, replace }] };
}

/** Mistakes of tools that sync folders. */
export const syncMutations: readonly Mutation[] = [
  mutation(
    'y1',
    'the folder’s deletion wins over an edit in the store',
    plan,
    "if (isStoreUnchanged) return { kind: 'deleteRemote'",
    "if (content !== null) return { kind: 'deleteRemote'",
    'clients of the course',
  ),
  mutation(
    'y2',
    'the store’s deletion wins over an edit in the folder',
    plan,
    'if (isStoreUnchanged || content === null)',
    'if (isStoreUnchanged)',
  ),
  mutation(
    'y3',
    'in a conflict the store wins and the edit of the folder is lost',
    plan,
    "return { kind: 'conflict', name, version, content, replaces: local, copy };",
    "return { kind: 'download', name, version, content, replaces: copy === name ? null : local };",
    'clients of the course',
  ),
  mutation(
    'y4',
    'a conflict copy takes the name of another file',
    plan,
    '(there === null || isSame(there, content)) &&',
    '(there === null || content.length > 0) &&',
  ),
  mutation(
    'y5',
    'the conflict copy is named after the version that won',
    plan,
    'base.version + 1);',
    'version);',
  ),
  mutation(
    'y6',
    'equal changes on both sides are a conflict',
    plan,
    'if (isSame(local, content)) {',
    'if (isSame(local, base.content) && isSame(local, content)) {',
  ),
  mutation(
    'y7',
    'ten deletions too many pass the brake',
    brakes,
    'deletions * 2 <= files',
    'deletions <= files',
  ),
  mutation(
    'y8',
    'a store that went back in time is trusted',
    brakes,
    'else if (behind.length > 0)',
    'else if (behind.length > trees.base.size)',
  ),
  mutation(
    'y9',
    'a lost base is believed once it was let through',
    brakes,
    "'other-cluster', 'lost-base'];",
    "'other-cluster'];",
  ),
  mutation(
    'y10',
    'a name may lead out of the folder',
    names,
    "part === '' || part === '.' || part === '..'",
    "part === '' || part === '.'",
  ),
  mutation(
    'y11',
    'twins by Unicode form are written over each other',
    names,
    "name.normalize('NFC').toLowerCase().normalize('NFC')",
    'name.toLowerCase()',
  ),
  mutation('y12', 'the update is sent before the blocks', upload, "if (sent !== 'done') return sent;", ''),
  mutation(
    'y13',
    'the request of an update is not in the base when it is sent',
    upload,
    'await state.begin(name, { version, content, blockSize, request, epoch });\n',
    '',
  ),
  mutation(
    'y14',
    'the base is written before the update was acknowledged',
    upload,
    'const result = await store.update({ name',
    'await state.record(name, { version, content, blockSize, stamp: undefined });\n    const result = await store.update({ name',
  ),
  mutation(
    'y15',
    'an upload forgets the epoch of the garbage collection',
    upload,
    'request, epoch });\n    if',
    'request, epoch: undefined });\n    if',
  ),
  mutation(
    'y16',
    'blocks are not verified',
    download,
    ' || hashOf(block) !== hash) return undefined;',
    ') return undefined;',
  ),
  mutation(
    'y17',
    'a replaced file is not kept in the trash',
    download,
    '      await trash.keep(name);\n',
    '',
  ),
  mutation(
    'y18',
    'a file that changes while another one is fetched is replaced',
    download,
    'if (!isSameStat(scanned.stat, await files.stat(name))) return false;',
    'if ((await files.stat(name)) === undefined) return false;',
  ),
  mutation(
    'y19',
    'a time of change that is too recent is trusted',
    scan,
    'return nowMs - mtimeMs > tickMs ?',
    'return nowMs - mtimeMs >= 0 ?',
    'git’s racy entries',
  ),
  mutation(
    'y20',
    'a torn last line of the base makes the whole base unreadable',
    state,
    'const torn = lines.pop();',
    "const torn = lines.at(-1) === '' ? lines.pop() : '';",
  ),
  mutation(
    'y21',
    'the conflict copy is made after its file was replaced',
    download,
    "if (!(await this.makeCopy(name, copy))) return this.giveUp(fetched, 'again');\n",
    '',
  ),
  mutation(
    'y22',
    'a dry run sends its updates',
    engine,
    'if (isDryRun) return { ...this.result(left, []), operations };',
    '',
  ),
  mutation(
    'y23',
    'a file that was changed twice within a tick of its clock is replaced',
    download,
    'if (scanned.stamp !== undefined) return true;',
    'if (scanned.stat.size >= 0) return true;',
    'the simulator',
  ),
  mutation(
    'y24',
    'what is put into the trash is not durable when its name is taken',
    'src/sync/trash.ts',
    '    await this.files.syncDirectory(parentOf(path));\n',
    '',
    'ALICE (OSDI 2014): the order of names in two directories',
  ),
  mutation(
    'y25',
    'a file that its user takes away ends the sync',
    engine,
    "if (codeOf(error) === 'ENOENT') return 'again';",
    "if (codeOf(error) === 'ENOENT' && isSame([], null)) return 'again';",
    'the simulator',
  ),
  mutation(
    'y26',
    'after a restart an update is sent under another request',
    engine,
    'const result = await this.options.store.update({ name, version, content, request, epoch });',
    'const result = await this.options.store.update({ name, version, content, request: `${request}.`, epoch });',
  ),
  mutation(
    'y27',
    'after a restart an update of unknown outcome is believed',
    engine,
    "if (result === 'applied') await state.record(name, { version, content, blockSize, stamp: undefined });",
    "if (result !== 'epochMoved') await state.record(name, { version, content, blockSize, stamp: undefined });",
  ),
  mutation(
    'y28',
    'after a collection only the epoch is asked for again, not the blocks',
    upload,
    'blocks = await this.ask(new Set(content));',
    'blocks = { ...blocks, epoch: (await this.ask(new Set(content))).epoch };',
    'collectors of other stores that lose blocks',
  ),
  mutation(
    'y29',
    'a file takes its name before its bytes are durable',
    download,
    'await file.finish();',
    'await file.abandon();',
    'ALICE (OSDI 2014): rename without a sync of the file',
  ),
];
