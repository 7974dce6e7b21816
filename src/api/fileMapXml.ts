import type { FileList, FileRecord } from '../stateMachine/fileMetadata.js';
import { escapeText, PrebuiltXml, serializeValue } from '../xmlrpc/index.js';
import { hashListToXml } from './hashListXml.js';

/** Length at which a piece is given out, in UTF-16 code units. */
const PIECE_LENGTH = 16 * 1024;

/**
 * The answer of getfileinfomap: a struct of file name -> [version, hash list]. Each file's XML is made once
 * per update, the bytes of the whole once for all who read the same state, and all is given out in pieces, so that a long
 * listing never delays a heartbeat.
 */
export class FileMapXml {
  /** By file name. A record never changes, so what was made for one is right for as long as it is the file's. */
  private readonly members = new Map<string, { readonly record: FileRecord; readonly xml: string }>();
  private latestFiles: FileList | undefined;
  /** The listing of these files, which lives no longer than those that write it. */
  private latest: WeakRef<SharedPieces> | undefined;

  /**
   * @param files what the listing is to show; it shows just that, however late it is written
   * @param bytes about what the listing takes
   */
  write(files: FileList, bytes = 0): PrebuiltXml {
    let shared = this.latestFiles === files ? this.latest?.deref() : undefined;
    if (shared === undefined) {
      shared = new SharedPieces(this.pieces(files));
      this.latest = new WeakRef(shared);
      this.latestFiles = files;
    }
    const pieces = shared;
    return new PrebuiltXml(() => pieces.read(), bytes);
  }

  private *pieces(files: FileList): Generator<string, void, undefined> {
    let piece = '<value><struct>';
    for (const [name, record] of files) {
      piece += this.member(name, record);
      if (piece.length < PIECE_LENGTH) continue;
      yield piece;
      piece = '';
    }
    yield `${piece}</struct></value>`;
  }

  private member(name: string, record: FileRecord): string {
    const known = this.members.get(name);
    if (known?.record === record) return known.xml;
    const value = serializeValue([record.version, hashListToXml(record.hashList)]);
    const xml = `<member><name>${escapeText(name)}</name>${value}</member>`;
    this.members.set(name, { record, xml });
    return xml;
  }
}

/** Pieces that are made when the first of their readers comes to them, and shared by all. */
class SharedPieces {
  private readonly made: Uint8Array[] = [];

  constructor(private readonly source: Iterator<string, void, undefined>) {}

  *read(): Generator<Uint8Array, void, undefined> {
    for (let index = 0; ; index += 1) {
      const piece = this.made[index] ?? this.makeNext();
      if (piece === undefined) return;
      yield piece;
    }
  }

  private makeNext(): Uint8Array | undefined {
    const next = this.source.next();
    if (next.done === true) return undefined;
    const piece = Buffer.from(next.value);
    this.made.push(piece);
    return piece;
  }
}
