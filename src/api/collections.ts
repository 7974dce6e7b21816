import { GRACE_MS, UnknownCollectionError, type CollectedStore } from '../blocks/collectedStore.js';
import type { HttpCall } from '../http/httpCall.js';
import type { LeaderRouter } from '../node/leaderRouter.js';
import { waitFor } from '../node/pendingRequests.js';
import { encodeRaiseEpoch, type CommandResult } from '../stateMachine/command.js';
import type { FileList } from '../stateMachine/fileMetadata.js';
import { answerError, jsonObjectIn } from './blocksHttp.js';
import { readJson, sendJson } from './jsonCall.js';
import { InputError, TIMEOUT_MS } from './keyValueInput.js';
import { referencedBlocks } from './referencedBlocks.js';
import type { Route } from './surfaces.js';

const USAGE = '/blocks';
const COLLECTION = '/blocks/collection';
const BODY_BYTES_MAX = 64 * 1024;

/** The parts of one server that take part in a garbage collection. */
interface CollectionParts {
  readonly own: CollectedStore;
  readonly router: Pick<LeaderRouter<CommandResult>, 'propose' | 'read'>;
  readonly state: {
    readonly files: { list(): FileList };
    readonly epoch: { readonly current: number };
  };
  /** @throws ServiceError when this server is down */
  readonly requireRunning: () => void;
  /** Receives the number of blocks that a sweep has removed. */
  readonly onCollected: (blocks: number, bytes: number) => void;
}

/** A step of a collection that came too early, too late, or at the same time as that of another one; nothing was done. */
class OutOfStepError extends Error {
  override readonly name = 'OutOfStepError';
}

/**
 * The server's part in garbage collection, which `surfstore blocks gc` leads: `GET /blocks` is the usage of the store,
 * `POST /blocks/collection` a step. The server itself decides what no file needs, from a state that a majority has
 * confirmed; no client can make it remove a block that a file needs.
 */
export class Collections implements Route {
  constructor(private readonly parts: CollectionParts) {}

  matches(path: string): boolean {
    return path === USAGE || path === COLLECTION;
  }

  handle(call: HttpCall): void {
    const fail = (error: unknown): void => {
      if (error instanceof OutOfStepError || error instanceof UnknownCollectionError)
        call.text(409, error.message);
      else answerError(call, error);
    };
    const { path } = call;
    call.begin('blocks', path === USAGE ? 'usage' : 'collection');
    if (path === USAGE && call.isRead) this.usage(call).catch(fail);
    else if (path === COLLECTION && call.request.method === 'POST')
      readJson(call, BODY_BYTES_MAX, (text) => void this.step(call, text).catch(fail));
    else {
      const allowed = path === USAGE ? 'GET, HEAD' : 'POST';
      call.text(405, `This is asked with ${allowed}.`, { Allow: allowed });
    }
  }

  private async usage(call: HttpCall): Promise<void> {
    const { own, state, requireRunning } = this.parts;
    requireRunning();
    const { blocks, bytes, damaged } = await own.usage();
    sendJson(call, 200, { blocks, bytes, damaged, shared: own.isShared, epoch: state.epoch.current });
  }

  private async step(call: HttpCall, text: string): Promise<void> {
    const { own, state, requireRunning } = this.parts;
    requireRunning();
    const fields = jsonObjectIn(text);
    switch (fields['step']) {
      case 'begin':
        own.begin(nameIn(fields));
        sendJson(call, 200, { epoch: state.epoch.current });
        return;
      case 'raise':
        await this.raise(call, numberIn(fields, 'epoch'));
        return;
      case 'sweep':
        await this.sweep(call, fields);
        return;
      case 'end':
        own.end(nameIn(fields));
        sendJson(call, 200, { epoch: state.epoch.current });
        return;
      default:
        throw new InputError('step must be "begin", "raise", "sweep" or "end"');
    }
  }

  /** Only one of several collections can raise the epoch to the same number, and only that one may go on. */
  private async raise(call: HttpCall, epoch: number): Promise<void> {
    const { result, repeated } = await waitFor(
      this.parts.router.propose(encodeRaiseEpoch(epoch), TIMEOUT_MS),
      call,
    );
    if (result !== 'applied')
      throw new OutOfStepError(
        repeated
          ? 'the epoch may have been raised, but a leader was lost meanwhile: begin anew'
          : `another collection has raised the epoch to ${epoch} already: begin anew`,
      );
    sendJson(call, 200, { epoch });
  }

  private async sweep(call: HttpCall, fields: Readonly<Record<string, unknown>>): Promise<void> {
    const { own, router, state, requireRunning, onCollected } = this.parts;
    const isDry = fields['dry_run'] === true;
    const collection = isDry ? undefined : nameIn(fields);
    const graceMs = fields['grace_ms'] === undefined ? GRACE_MS : numberIn(fields, 'grace_ms');
    let isGone = false;
    call.onHangUp(() => (isGone = true));
    // From here on the state has every update that was acknowledged before, so every one that carries an earlier epoch.
    await waitFor(router.read(TIMEOUT_MS), call);
    const { current } = state.epoch;
    if (!isDry && current !== numberIn(fields, 'epoch'))
      throw new OutOfStepError(`the epoch is ${current}: raise it first, or begin anew`);
    const referenced = await referencedBlocks(state.files.list());
    const result = await own.sweep({
      collection,
      isReferenced: (hash) => referenced.has(hash),
      graceMs,
      isAbandoned: () => isGone,
    });
    requireRunning();
    if (!isDry) onCollected(result.removed, result.removedBytes);
    sendJson(call, 200, result);
  }
}

/** @throws InputError */
function nameIn(fields: Readonly<Record<string, unknown>>): string {
  const { collection } = fields;
  if (typeof collection !== 'string' || !/^[\w-]{8,64}$/.test(collection))
    throw new InputError('collection must be a name of 8 to 64 letters, digits, "-" and "_"');
  return collection;
}

/** @throws InputError */
function numberIn(fields: Readonly<Record<string, unknown>>, name: string): number {
  const value = fields[name];
  if (!Number.isSafeInteger(value) || (value as number) < 0)
    throw new InputError(`${name} must be a whole number from 0 on`);
  return value as number;
}
