import type { FileList, FileRecord } from '../stateMachine/fileMetadata.js';
import { escapeText, PrebuiltXml, serializeValue } from '../xmlrpc/index.js';
import { hashListToXml } from './hashListXml.js';

/** Files whose XML is made and kept together: an update makes one such group anew, and a reply writes few pieces. */
const FILES_PER_PIECE = 32;
/** Length at which the making of a piece is interrupted, in UTF-16 code units. */
const STEP_LENGTH = 16 * 1024;

const OPENING = Buffer.from('<value><struct>');
const CLOSING = Buffer.from('</struct></value>');

/**
 * The XML of neighbouring files. A record never changes, so it is right for as long as these are the files' records.
 */
interface Piece {
  readonly records: readonly FileRecord[];
  readonly bytes: Buffer;
}

/**
 * The answer of getfileinfomap: a struct of file name -> [version, hash list]. All replies share its bytes: each group
 * of files is written once per update of one of them. All is given out in pieces, so that a long listing never delays a
 * heartbeat.
 */
export class FileMapXml {
  /** By position in the list: files keep theirs, and new ones come last. */
  private pieces: Piece[] = [];

  /** @param files the contents of the listing, however late it is written
   * @param bytes approximate size of the listing
   */
  write(files: FileList, bytes = 0): PrebuiltXml {
    return new PrebuiltXml(() => this.piecesOf(files), bytes);
  }

  private *piecesOf(files: FileList): Generator<string | Buffer, void, undefined> {
    yield OPENING;
    const count = Math.ceil(files.length / FILES_PER_PIECE);
    for (let position = 0; position < count; position += 1) {
      const from = position * FILES_PER_PIECE;
      const known = this.pieces[position];
      if (known !== undefined && isOf(known, files, from)) yield known.bytes;
      else yield* this.makePiece(files, position);
    }
    this.pieces.length = count;
    yield CLOSING;
  }

  /** Gives empty pieces while it is not complete: a single file can be long. */
  private *makePiece(files: FileList, position: number): Generator<string | Buffer, void, undefined> {
    const from = position * FILES_PER_PIECE;
    const made = files.slice(from, from + FILES_PER_PIECE);
    let xml = '';
    let nextStep = STEP_LENGTH;
    for (const [name, record] of made) {
      const value = serializeValue([record.version, hashListToXml(record.hashList)]);
      xml += `<member><name>${escapeText(name)}</name>${value}</member>`;
      if (xml.length < nextStep) continue;
      nextStep = xml.length + STEP_LENGTH;
      yield '';
    }
    const bytes = Buffer.from(xml);
    this.pieces[position] = { records: made.map(([, record]) => record), bytes };
    yield bytes;
  }
}

function isOf({ records }: Piece, files: FileList, from: number): boolean {
  if (files.length < from + records.length) return false;
  if (records.length < FILES_PER_PIECE && files.length > from + records.length) return false;
  return records.every((record, offset) => files[from + offset]?.[1] === record);
}
