/** Where something listens, as in a URL: `host:port`, an IPv6 address in brackets. */
export function addressOf({ host, port }: { readonly host: string; readonly port: number }): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/**
 * Why a connection failed, for a person. A name with several addresses fails with an `AggregateError` without a message
 * of its own: each address is named with its reason.
 */
export function connectionFailureText(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0)
    return [...new Set(error.errors.map(connectionFailureText))].join('; ');
  if (!(error instanceof Error)) return String(error);
  const { code, syscall, address, port }: NodeJS.ErrnoException & { address?: unknown; port?: unknown } =
    error;
  if (syscall === 'connect' && typeof address === 'string' && typeof port === 'number')
    return `connect ${code ?? 'failed'} ${addressOf({ host: address, port })}`;
  return error.message === '' ? String(error) : error.message;
}
