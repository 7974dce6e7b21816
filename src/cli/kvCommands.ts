import type { Command } from 'commander';
import { KeyValueClient, type JsonValue } from '../client/index.js';
import { clientCommand, print, withClientOf, CommandError, EXIT } from './command.js';
import { terminalText } from './output.js';

interface Flags {
  readonly timeout: number;
  readonly json?: boolean;
}

export function kvCommands(program: Command): void {
  const kv = program.command('kv').description('read and change keys');
  clientCommand(kv, 'get', 'show the value of a key, as JSON')
    .argument('<key>')
    .action((config: string, key: string, { timeout }: Flags) =>
      withClient(config, timeout, async (client) => {
        const value = await client.get(key);
        if (value === undefined) throw new CommandError(`there is no key ${JSON.stringify(key)}`);
        print(terminalText(JSON.stringify(value)));
      }),
    );
  clientCommand(kv, 'put', 'store a list of strings under a key, or any JSON value')
    .argument('<key>')
    .argument('[values...]', 'the strings of the list, in order')
    .option('--json', 'store the one value given, which is JSON')
    .action((config: string, key: string, texts: string[], { timeout, json }: Flags) => {
      const value = valueFrom(texts, json === true);
      return withClient(config, timeout, (client) => client.put(key, value));
    });
  clientCommand(kv, 'append', 'add a string, or any JSON value, at the end of the list under a key')
    .argument('<key>')
    .argument('<item>')
    .option('--json', 'the item is JSON')
    .action((config: string, key: string, text: string, { timeout, json }: Flags) => {
      const item = itemFrom(text, json === true);
      return withClient(config, timeout, (client) => client.append(key, item));
    });
  clientCommand(kv, 'delete', 'remove a key and its value')
    .argument('<key>')
    .action((config: string, key: string, { timeout }: Flags) =>
      withClient(config, timeout, async (client) => {
        if (!(await client.delete(key))) throw new CommandError(`there is no key ${JSON.stringify(key)}`);
      }),
    );
}

function withClient(
  config: string,
  deadlineMs: number,
  action: (client: KeyValueClient) => Promise<void>,
): Promise<void> {
  return withClientOf(KeyValueClient, config, deadlineMs, ({ client }) => action(client));
}

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
