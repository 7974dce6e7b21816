import type { JsonValue } from '../client/index.js';
import { CommandError, EXIT } from './exitCodes.js';

/** What `put` stores: the list of these texts, or the value that the one text is the JSON of. @throws CommandError */
export function valueFrom(texts: readonly string[], isJson: boolean): JsonValue {
  if (!isJson) return texts;
  const [text, ...more] = texts;
  if (text === undefined || more.length > 0)
    throw new CommandError(`with --json there must be one value, got ${texts.length}`, EXIT.usage);
  return itemFrom(text, isJson);
}

/** What `append` adds: this text, or the value that it is the JSON of. @throws CommandError */
export function itemFrom(text: string, isJson: boolean): JsonValue {
  if (!isJson) return text;
  try {
    return JSON.parse(text) as JsonValue;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CommandError(`${text} is not JSON: ${reason}`, EXIT.usage);
  }
}
