import type { FileRecord } from '../stateMachine/fileMetadata.js';
import { escapeText, PrebuiltXml, serializeValue } from '../xmlrpc/index.js';
import { hashListToXml } from './hashListXml.js';

/**
 * The answer of getfileinfomap: a struct of file name -> [version, hash list]. Each file's XML is made once
 * per update, and the whole is given out in pieces, so that a long listing never delays a heartbeat.
 */
export class FileMapXml {
  /** By file name. A record never changes, so what was made for one is right for as long as it is the file's. */
  private readonly members = new Map<string, { readonly record: FileRecord; readonly xml: string }>();

  /** @param files what the listing is to show; it shows just that, however late it is written */
  write(files: readonly (readonly [string, FileRecord])[]): PrebuiltXml {
    return new PrebuiltXml(() => this.pieces(files));
  }

  private *pieces(files: readonly (readonly [string, FileRecord])[]): Iterable<string> {
    yield '<value><struct>';
    for (const [name, record] of files) yield this.member(name, record);
    yield '</struct></value>';
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
