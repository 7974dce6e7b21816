import type { JSX } from 'preact';
import { Button } from './controls.js';
import type { PageModel } from './model.js';

/** Where the servers come from, when they were taken from a running cluster. */
export function StartPanel({ model }: { model: PageModel }): JSX.Element | null {
  const { start, servers } = model.setup.value;
  if (start === undefined) return null;
  const at = new Date(start.atMs).toLocaleString();
  return (
    <section class="card taken" aria-label="Taken from a running cluster">
      <h2>Taken from a running cluster</h2>
      <p>
        Logs, terms, votes, commit indices and roles as they were on {at}. What happens from here on happens
        in this page alone.
        {start.offset > 0 &&
          ` Entry 1 is entry ${start.offset + 1} of the cluster; what is older counts as held by all.`}{' '}
        Files and keys are not taken along: an entry is shown by its name and changes nothing.
        {start.servers.some(({ condition }) => condition === 'stopped') &&
          ' A server that did not answer is stopped, and has what was known to be committed.'}
      </p>
      <div class="buttons">
        <Button label="From here again" press={() => model.startAnew(model.setup.value)} />
        <Button label="New servers" press={() => model.startNew(servers)} />
      </div>
    </section>
  );
}
