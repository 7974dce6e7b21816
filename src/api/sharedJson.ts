import type { JsonValue } from '../stateMachine/command.js';

/** A value as its readers get it. */
interface RenderedValue {
  readonly json: Buffer;
  readonly isListOfStrings: boolean;
}

/**
 * The JSON of the value that was read last. Long lists are read by many at about the same time, and are the same object until
 * they change: to make megabytes of JSON for each reader would hold up everybody else.
 */
export class SharedJson {
  private value: JsonValue | undefined;
  private rendered: RenderedValue | undefined;

  of(value: JsonValue): RenderedValue {
    if (this.rendered !== undefined && this.value === value && typeof value === 'object')
      return this.rendered;
    this.value = value;
    this.rendered = { json: Buffer.from(JSON.stringify(value)), isListOfStrings: isListOfStrings(value) };
    return this.rendered;
  }
}

export function isListOfStrings(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
