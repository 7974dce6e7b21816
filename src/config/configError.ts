/**
 * Thrown when a cluster file or an option cannot be used: the message is one line that says where, what was wrong and
 * what to do. It is meant for the person at the terminal; a command prints it without a stack and exits with 2.
 */
export class ConfigError extends Error {
  readonly code = 'config';

  constructor(message: string, options?: ErrorOptions) {
    super(message.replaceAll(/\p{Cc}+/gu, ' '), options);
    this.name = 'ConfigError';
  }
}
