import { Command, CommanderError } from 'commander';
import { ListenError } from '../api/httpFront.js';
import { ConfigError } from '../config/configError.js';
import { StorageError } from '../storage/storage.js';
import { programVersion } from './assembly.js';
import { blocksCommand } from './blocksCommand.js';
import { chaosCommand, gradeCommand } from './chaosCommand.js';
import { faultCommands, fileCommands } from './clientCommands.js';
import { clusterCommand } from './clusterCommand.js';
import { CommandError, EXIT } from './command.js';
import { kvCommands } from './kvCommands.js';
import { watchOutput } from './output.js';
import { learnCommand, simCommand } from './pageCommands.js';
import { recoverCommand } from './recoverCommand.js';
import { serverCommand } from './serverCommand.js';
import { statusCommand } from './statusCommand.js';
import { syncCommand } from './syncCommand.js';

function createProgram(): Command {
  const program = new Command('surfstore')
    .description('A fault-tolerant SurfStore metadata service')
    .version(programVersion)
    .configureOutput({
      outputError: (text, write) =>
        write(`surfstore: ${text.trim().replace(/^error: /, '')} (${hintFor(text)})\n`),
    })
    .enablePositionalOptions()
    .exitOverride();
  serverCommand(program);
  clusterCommand(program);
  statusCommand(program);
  fileCommands(program);
  kvCommands(program);
  blocksCommand(program);
  faultCommands(program);
  syncCommand(program);
  chaosCommand(program);
  gradeCommand(program);
  learnCommand(program);
  simCommand(program);
  recoverCommand(program);
  return program;
}

/** A name or a hash may begin with a dash. */
function hintFor(text: string): string {
  return text.includes('unknown option')
    ? 'see --help; put -- before a name or hash that begins with -'
    : 'see --help';
}

/** The exit code for an error, after one line about it on stderr. */
function report(error: unknown): number {
  // Commander has said its own already; help and version are no errors.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`surfstore: ${message}\n`);
  if (error instanceof CommandError) return error.exitCode;
  if (error instanceof ConfigError) return EXIT.usage;
  if (error instanceof ListenError) return EXIT.failure;
  if (error instanceof StorageError) return error.kind === 'unusable' ? EXIT.usage : EXIT.failure;
  if (error instanceof Error && error.stack !== undefined) process.stderr.write(`${error.stack}\n`);
  return EXIT.failure;
}

/** Runs the command of this process's command line, and sets its exit code. */
export async function runProgram(): Promise<void> {
  watchOutput();
  // Set to nothing is not set.
  if (process.env['SURFSTORE_LOG_LEVEL'] === '') delete process.env['SURFSTORE_LOG_LEVEL'];
  try {
    await createProgram().parseAsync();
  } catch (error) {
    process.exitCode = report(error);
  }
}
