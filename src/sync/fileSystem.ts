/** What a file is, as far as the client wants to know. Symbolic links are `other`: they are never followed. */
export interface FileStat {
  readonly kind: 'file' | 'directory' | 'other';
  readonly size: number;
  readonly mtimeMs: number;
  readonly inode: string;
  /** The permissions, 0 to 0o777. */
  readonly mode: number;
}

/** A file that is read. */
export interface OpenFile {
  /** Fewer bytes than asked for only at the end of the file. */
  read(offset: number, length: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** A file that is being written from its beginning. */
export interface NewFile {
  write(bytes: Uint8Array): Promise<void>;
  /** Closes it; its bytes are durable. */
  finish(): Promise<void>;
  /** Closes it when it is not wanted any more. */
  abandon(): Promise<void>;
}

/** A file that grows by whole texts. */
export interface Journal {
  append(text: string): Promise<void>;
  close(): Promise<void>;
}

/**
 * The file operations of the client, all inside one folder, on paths with `/` that are relative to it. Small, so that
 * tests can have one in memory that crashes at every step.
 */
export interface FileSystem {
  /** Names and kinds in a directory; nothing when there is none. */
  list(directory: string): Promise<readonly { readonly name: string; readonly kind: FileStat['kind'] }[]>;
  /** Undefined when there is nothing at this path. */
  stat(path: string): Promise<FileStat | undefined>;
  open(path: string): Promise<OpenFile>;
  create(path: string): Promise<NewFile>;
  journal(path: string): Promise<Journal>;
  rename(from: string, to: string): Promise<void>;
  /** A second name for a file. False when `to` exists. A file system without such names gets a copy. */
  link(from: string, to: string): Promise<boolean>;
  remove(path: string): Promise<void>;
  /** With its parents; nothing happens when it exists. */
  makeDirectory(path: string): Promise<void>;
  /** False when it is not empty. */
  removeDirectory(path: string): Promise<boolean>;
  /** What was created, renamed or removed in the directory is durable. */
  syncDirectory(path: string): Promise<void>;
  setAttributes(
    path: string,
    attributes: { readonly mode?: number; readonly mtimeMs?: number },
  ): Promise<void>;
}

/** Whether a file is still the one that was seen, as far as its stat tells. */
export function isSameStat(a: FileStat | undefined, b: FileStat | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.kind === b.kind && a.size === b.size && a.mtimeMs === b.mtimeMs && a.inode === b.inode;
}

/** The directory of a path; empty for the folder itself. */
export function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

/** The text of a small file, undefined when there is none. */
export async function readText(files: FileSystem, path: string): Promise<string | undefined> {
  const stat = await files.stat(path);
  if (stat?.kind !== 'file') return undefined;
  const file = await files.open(path);
  try {
    return new TextDecoder().decode(await file.read(0, stat.size));
  } finally {
    await file.close();
  }
}

/** Replaces a file as a whole: a reader sees the old text or the new one, whatever happens meanwhile. */
export async function replaceText(
  files: FileSystem,
  path: string,
  text: string,
  temporary = `${path}.new`,
): Promise<void> {
  const file = await files.create(temporary);
  await file.write(new TextEncoder().encode(text));
  await file.finish();
  await files.rename(temporary, path);
  await files.syncDirectory(parentOf(path));
}

/** The code of an error of the operating system, empty for any other. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
