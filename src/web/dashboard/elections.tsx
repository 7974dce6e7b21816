import type { JSX } from 'preact';
import { clockTime, duration } from './format.js';
import { sample } from './store.js';

/** Those that are shown without being asked for. */
const SHOWN = 8;

/** The elections of this cluster that servers remember, the newest first. */
export function Elections(): JSX.Element {
  const elections = sample.value?.elections ?? [];
  return (
    <section class="card elections" aria-labelledby="elections-title">
      <h2 id="elections-title">Elections</h2>
      {elections.length === 0 ? (
        <p class="muted">None since these servers started.</p>
      ) : (
        <div class="scroll" tabIndex={0} role="group" aria-label="The newest first">
          <table>
            <thead>
              <tr>
                <th scope="col">Term</th>
                <th scope="col">Won by</th>
                <th scope="col">At</th>
                <th scope="col">Without a leader</th>
                <th scope="col">Why</th>
              </tr>
            </thead>
            <tbody>
              {elections.map(({ term, leader, atMs, leaderlessMs, reason }) => (
                <tr key={term}>
                  <td>{term}</td>
                  <td>server {leader}</td>
                  <td>{clockTime(atMs)}</td>
                  <td>{leaderlessMs === null ? 'from the start' : duration(leaderlessMs)}</td>
                  <td>{reason}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {elections.length > SHOWN && <p class="muted">{`${elections.length} in all`}</p>}
    </section>
  );
}
