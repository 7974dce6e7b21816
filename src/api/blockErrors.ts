import { BlockStoreFullError } from '../blocks/blockStore.js';
import { BlocksUnavailableError } from '../blocks/clusterBlocks.js';
import { TooMuchWorkError } from '../blocks/workLimit.js';
import type { ErrorKind } from '../node/errors.js';

/** The kind, in the table of errors, of an error of the stores of blocks. */
export function blockErrorOf(
  error: unknown,
): Extract<ErrorKind, 'blockStoreFull' | 'blockUnavailable' | 'overloaded'> | undefined {
  if (error instanceof BlockStoreFullError) return 'blockStoreFull';
  if (error instanceof BlocksUnavailableError) return 'blockUnavailable';
  return error instanceof TooMuchWorkError ? 'overloaded' : undefined;
}
