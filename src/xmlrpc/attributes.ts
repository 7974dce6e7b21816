import { APOSTROPHE, EQUALS_SIGN, isSpace, QUOTATION_MARK } from './characters.js';
import { expandReferences } from './entities.js';

const NAME = /[\p{L}_:][\p{L}\p{N}_:.·-]*/uy;
const WHOLE_NAME = /^[\p{L}_:][\p{L}\p{N}_:.·-]*$/u;

/** Whether the text could be the name of an element or attribute. */
export function isName(text: string): boolean {
  return WHOLE_NAME.test(text);
}

/** What is wrong with a list of attributes, and the index at which it was seen. */
export interface AttributeError {
  readonly wrong: string;
  readonly at: number;
}

export interface AttributeList {
  readonly values: ReadonlyMap<string, string>;
  /** Index of the first character after the last attribute and the white space that follows it. */
  readonly end: number;
}

/**
 * Reads ` name="value" name='value' ` from `start` up to the first character that cannot begin another attribute. The
 * list may be empty. XML-RPC gives no attribute a meaning, but a namespace declaration is common and a broken one makes
 * the document ill-formed.
 */
export function readAttributes(text: string, start: number): AttributeList | AttributeError {
  const values = new Map<string, string>();
  let at = start;
  for (;;) {
    const afterSpace = skipSpace(text, at);
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
  const equals = skipSpace(text, start);
  if (text.charCodeAt(equals) !== EQUALS_SIGN) return { wrong: 'an attribute has no value', at: equals };
  const open = skipSpace(text, equals + 1);
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

function skipSpace(text: string, start: number): number {
  let at = start;
  while (isSpace(text.charCodeAt(at))) at += 1;
  return at;
}
