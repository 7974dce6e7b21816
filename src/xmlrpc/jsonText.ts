/** The characters that JSON may hold as they are and XML 1.0 cannot carry; a lone surrogate JSON.stringify escapes by itself. */
const NONCHARACTERS = /[\ufffe\uffff]/g;

/** The same JSON in a spelling that survives XML, which would otherwise put U+FFFD for two characters. */
export function carriedByXml(json: string): string {
  return json.replace(NONCHARACTERS, (character) => `\\u${character.charCodeAt(0).toString(16)}`);
}
