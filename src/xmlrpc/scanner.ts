import { FAULT_CODES, XmlRpcParseError } from './faults.js';
import {
  APOSTROPHE,
  EQUALS_SIGN,
  QUOTATION_MARK,
  BYTE_ORDER_MARK,
  EXCLAMATION_MARK,
  expandReferences,
  GREATER_THAN,
  indexOfForbidden,
  isSpace,
  LESS_THAN,
  QUESTION_MARK,
  SLASH,
  SPACE,
} from './text.js';

const COMMENT_START = '<!--';
const CDATA_START = '<![CDATA[';
const CDATA_END = ']]>';
const VERSION = /^1\.[0-9]+$/;
const NAME_SHOWN_MAX = 40;

/**
 * A cursor over the text of one XML document that goes forward only. It knows XML but not XML-RPC: the caller asks for
 * the next child, the text or the end of the element it is in, in the order in which they must come.
 *
 * Every method throws {@link XmlRpcParseError} when the document has something else there.
 */
export class XmlScanner {
  private readonly text: string;
  private at = 0;
  private elements = 0;
  /** Set between the start and the end of an element that was written as `<name/>`. */
  private inEmptyElement = false;
  /** Where the next `&` and `]]>` are, from the place at which they were last looked for. */
  private nextAmpersand = -1;
  private nextCdataEnd = -1;

  constructor(
    text: string,
    private readonly elementsMax: number,
  ) {
    // Section 2.11: line ends are normalised before parsing. It changes no line number and no column of an error.
    this.text = text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text;
    const forbidden = indexOfForbidden(this.text);
    if (forbidden !== -1) throw this.notWellFormed('XML cannot carry the character', forbidden);
  }

  /** Reads everything before the root element and its start tag; gives its name. */
  root(): string {
    if (this.text.charCodeAt(0) === BYTE_ORDER_MARK) this.at = 1;
    this.declaration();
    this.skipMisc();
    if (this.at === this.text.length) throw this.notWellFormed('the document has no root element');
    if (this.text.charCodeAt(this.at) !== LESS_THAN)
      throw this.notWellFormed('there is text before the root element');
    if (this.startsWith('<!DOCTYPE')) throw this.invalid('a document type is not accepted');
    return this.startTag();
  }

  /** Makes sure that nothing but comments and white space follows the root element. */
  end(): void {
    this.skipMisc();
    if (this.at !== this.text.length) throw this.notWellFormed('something follows the root element');
  }

  /** Reads the next start tag and gives its name; undefined when the element ends instead. Text between is refused. */
  child(): string | undefined {
    if (this.inEmptyElement) return undefined;
    this.toNextTag();
    return this.text.charCodeAt(this.at + 1) === SLASH ? undefined : this.startTag();
  }

  /** Whether the element has neither text nor children left. To be asked after {@link characters}. */
  atEnd(): boolean {
    return this.inEmptyElement || this.text.charCodeAt(this.at + 1) === SLASH;
  }

  /** Reads the end of the element called `name`, which must come next. */
  close(name: string): void {
    if (this.inEmptyElement) {
      this.inEmptyElement = false;
      return;
    }
    this.toNextTag();
    if (this.text.charCodeAt(this.at + 1) !== SLASH)
      throw this.invalid(`<${name}> holds an element too many`);
    const nameEnd = this.at + 2 + name.length;
    const end = this.skipSpace(nameEnd);
    if (!this.text.startsWith(name, this.at + 2) || this.text.charCodeAt(end) !== GREATER_THAN) {
      throw this.notWellFormed(`<${name}> is not closed by </${name}>`);
    }
    this.at = end + 1;
  }

  /** The text up to the next tag, put together from what stands around and inside CDATA sections and comments. */
  characters(): string {
    if (this.inEmptyElement) return '';
    let result = this.plainCharacters();
    for (;;) {
      const next = this.text.charCodeAt(this.at + 1);
      if (next !== EXCLAMATION_MARK && next !== QUESTION_MARK) return result;
      if (this.startsWith(CDATA_START)) result += this.cdata();
      else if (!this.skipCommentOrInstruction())
        throw this.notWellFormed('<! begins nothing that is allowed here');
      result += this.plainCharacters();
    }
  }

  /** An error for a document that is well-formed but not what it should be; `at` defaults to the present place. */
  invalid(what: string, at = this.at): XmlRpcParseError {
    return new XmlRpcParseError(FAULT_CODES.INVALID_REQUEST, `${what} ${this.where(at)}`);
  }

  /** An error for an element that was found where another one belongs. */
  unexpected(name: string, expected: string): XmlRpcParseError {
    if (!isName(name)) return this.notWellFormed('a tag has no valid name');
    const shown = name.length > NAME_SHOWN_MAX ? `${name.slice(0, NAME_SHOWN_MAX)}...` : name;
    return this.invalid(`<${shown}> stands where ${expected} is expected`);
  }

  private notWellFormed(what: string, at = this.at): XmlRpcParseError {
    return new XmlRpcParseError(FAULT_CODES.NOT_WELL_FORMED, `${what} ${this.where(at)}`);
  }

  private where(at: number): string {
    let line = 1;
    let lineStart = 0;
    for (
      let next = this.text.indexOf('\n');
      next !== -1 && next < at;
      next = this.text.indexOf('\n', lineStart)
    ) {
      line += 1;
      lineStart = next + 1;
    }
    return `(line ${line}, column ${at - lineStart + 1})`;
  }

  private startsWith(prefix: string): boolean {
    return this.text.startsWith(prefix, this.at);
  }

  private skipSpace(start: number): number {
    let at = start;
    while (isSpace(this.text.charCodeAt(at))) at += 1;
    return at;
  }

  /** Skips white space, comments and processing instructions. */
  private skipMisc(): void {
    do this.at = this.skipSpace(this.at);
    while (this.skipCommentOrInstruction());
  }

  private toNextTag(): void {
    this.skipMisc();
    if (this.text.charCodeAt(this.at) !== LESS_THAN) throw this.textOrEnd();
    if (this.text.charCodeAt(this.at + 1) === EXCLAMATION_MARK) {
      if (this.startsWith(CDATA_START)) throw this.invalid('there is text where only elements are expected');
      throw this.notWellFormed('<! begins nothing that is allowed here');
    }
  }

  private textOrEnd(): XmlRpcParseError {
    if (this.at >= this.text.length) return this.notWellFormed('the document ends too early');
    return this.invalid('there is text where only elements are expected');
  }

  private startTag(): string {
    this.elements += 1;
    if (this.elements > this.elementsMax)
      throw this.invalid(`there are more than ${this.elementsMax} elements`);
    const start = this.at + 1;
    let end = start;
    let code = this.text.charCodeAt(end);
    while (code > SPACE && code !== GREATER_THAN && code !== SLASH && code !== LESS_THAN) {
      end += 1;
      code = this.text.charCodeAt(end);
    }
    const name = this.text.slice(start, end);
    if (code === GREATER_THAN) this.at = end + 1;
    else this.restOfStartTag(end);
    return name;
  }

  private restOfStartTag(nameEnd: number): void {
    const end = this.attributes(nameEnd).end;
    const code = this.text.charCodeAt(end);
    this.inEmptyElement = code === SLASH;
    const close = this.inEmptyElement ? end + 1 : end;
    if (this.text.charCodeAt(close) !== GREATER_THAN) throw this.notWellFormed('a tag has no end', end);
    this.at = close + 1;
  }

  private attributes(start: number): { values: ReadonlyMap<string, string>; end: number } {
    const list = readAttributes(this.text, start);
    if ('wrong' in list) throw this.notWellFormed(list.wrong, list.at);
    return list;
  }

  private plainCharacters(): string {
    const { text, at: start } = this;
    const end = text.indexOf('<', start);
    if (end === -1) throw this.notWellFormed('the document ends too early', text.length);
    if (end === start) return '';
    this.at = end;
    if (this.nextCdataEnd < start) this.nextCdataEnd = indexOrEnd(text, CDATA_END, start);
    if (this.nextCdataEnd < end)
      throw this.notWellFormed('there is a ]]> outside of CDATA', this.nextCdataEnd);
    if (this.nextAmpersand < start) this.nextAmpersand = indexOrEnd(text, '&', start);
    if (this.nextAmpersand >= end) return text.slice(start, end);
    const expanded = expandReferences(text, start, end);
    if (typeof expanded === 'number') throw this.notWellFormed('a reference is not a valid one', expanded);
    return expanded;
  }

  private cdata(): string {
    const start = this.at + CDATA_START.length;
    const end = this.text.indexOf(CDATA_END, start);
    if (end === -1) throw this.notWellFormed('a CDATA section has no end');
    this.at = end + CDATA_END.length;
    return this.text.slice(start, end);
  }

  private skipCommentOrInstruction(): boolean {
    if (this.text.charCodeAt(this.at) !== LESS_THAN) return false;
    const next = this.text.charCodeAt(this.at + 1);
    if (next === QUESTION_MARK) this.skipInstruction();
    else if (next === EXCLAMATION_MARK && this.startsWith(COMMENT_START)) this.skipComment();
    else return false;
    return true;
  }

  private skipComment(): void {
    const end = this.text.indexOf('--', this.at + COMMENT_START.length);
    if (end === -1) throw this.notWellFormed('a comment has no end');
    if (this.text.charCodeAt(end + 2) !== GREATER_THAN) throw this.notWellFormed('a comment holds --', end);
    this.at = end + 3;
  }

  private skipInstruction(): void {
    const end = this.text.indexOf('?>', this.at + 2);
    if (end === -1) throw this.notWellFormed('a processing instruction has no end');
    const content = this.text.slice(this.at + 2, end);
    const target = /^[^\t\n ]*/.exec(content)?.[0] ?? '';
    if (!isName(target)) throw this.notWellFormed('a processing instruction has no valid name');
    if (target.toLowerCase() === 'xml')
      throw this.notWellFormed('the XML declaration stands in the wrong place');
    this.at = end + 2;
  }

  private declaration(): void {
    if (!this.startsWith('<?xml') || !isSpace(this.text.charCodeAt(this.at + 5))) return;
    const { values, end } = this.attributes(this.at + 5);
    const [version, ...others] = [...values.keys()];
    const known = others.every((name) => name === 'encoding' || name === 'standalone');
    if (version !== 'version' || !VERSION.test(values.get('version') ?? '') || !known) {
      throw this.notWellFormed('the XML declaration is not a valid one');
    }
    if (!this.text.startsWith('?>', end)) throw this.notWellFormed('the XML declaration has no end');
    this.at = end + 2;
  }
}

function indexOrEnd(text: string, what: string, from: number): number {
  const index = text.indexOf(what, from);
  return index === -1 ? text.length : index;
}

const NAME = /[\p{L}_:][\p{L}\p{N}_:.·-]*/uy;
const WHOLE_NAME = /^[\p{L}_:][\p{L}\p{N}_:.·-]*$/u;

/** Whether the text could be the name of an element or attribute. */
function isName(text: string): boolean {
  return WHOLE_NAME.test(text);
}

/** A fault in a list of attributes, and the index at which it was seen. */
interface AttributeError {
  readonly wrong: string;
  readonly at: number;
}

interface AttributeList {
  readonly values: ReadonlyMap<string, string>;
  /** Index of the first character after the last attribute and the white space that follows it. */
  readonly end: number;
}

/**
 * Reads ` name="value" name='value' ` from `start` up to the first character that cannot begin another attribute. The
 * list may be empty. XML-RPC gives no attribute a meaning, but a namespace declaration is common and a broken one makes
 * the document ill-formed.
 */
function readAttributes(text: string, start: number): AttributeList | AttributeError {
  const values = new Map<string, string>();
  let at = start;
  for (;;) {
    const afterSpace = afterSpaceAt(text, at);
    const name = nameAt(text, afterSpace);
    if (name === '') return { values, end: afterSpace };
    if (afterSpace === at) return { wrong: 'white space is missing before an attribute', at };
    if (values.has(name)) return { wrong: 'an attribute is given twice', at: afterSpace };
    const value = readValue(text, afterSpace + name.length);
    if ('wrong' in value) return value;
    values.set(name, value.text);
    at = value.end;
  }
}

function readValue(text: string, start: number): { text: string; end: number } | AttributeError {
  const equals = afterSpaceAt(text, start);
  if (text.charCodeAt(equals) !== EQUALS_SIGN) return { wrong: 'an attribute has no value', at: equals };
  const open = afterSpaceAt(text, equals + 1);
  const quote = text.charCodeAt(open);
  if (quote !== QUOTATION_MARK && quote !== APOSTROPHE) {
    return { wrong: "an attribute's value is not in quotation marks", at: open };
  }
  const close = text.indexOf(quote === QUOTATION_MARK ? '"' : "'", open + 1);
  if (close === -1) return { wrong: "an attribute's value has no end", at: open };
  const value = expandReferences(text, open + 1, close);
  if (typeof value === 'number') return { wrong: 'a reference is not a valid one', at: value };
  const lessThan = text.slice(open + 1, close).indexOf('<');
  if (lessThan !== -1) return { wrong: "an attribute's value holds a <", at: open + 1 + lessThan };
  return { text: value, end: close + 1 };
}

function nameAt(text: string, at: number): string {
  NAME.lastIndex = at;
  return NAME.exec(text)?.[0] ?? '';
}

function afterSpaceAt(text: string, start: number): number {
  let at = start;
  while (isSpace(text.charCodeAt(at))) at += 1;
  return at;
}
