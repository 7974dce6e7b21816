/**
 * Calls the listener for each signal that asks this process to stop. SIGHUP, which a terminal sends when it is closed, is one
 * of them, unless the process was started by `nohup ./run-server.sh`: Node gives every signal its default meaning at its
 * start, so the script, which sees that SIGHUP was to be ignored, says so in the environment.
 */
export function onStopSignal(listener: () => void): void {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, listener);
  const ignoresHangUp = process.env['SURFSTORE_NOHUP'] === '1';
  process.on('SIGHUP', ignoresHangUp ? () => undefined : listener);
}
