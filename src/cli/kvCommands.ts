import type { Command } from 'commander';
import { KeyValueClient } from '../client/index.js';
import { clientCommand, print, withClientOf } from './clientSession.js';
import { CommandError } from './exitCodes.js';
import { terminalText } from './terminalText.js';
import { itemFrom, valueFrom } from './kvValues.js';

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
