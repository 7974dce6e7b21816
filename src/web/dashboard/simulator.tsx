import { signal } from '@preact/signals';
import type { JSX } from 'preact';
import type { ClusterLogs } from '../../dashboard/sample.js';
import { startFrom } from '../raft/fromCluster.js';
import { linkTo } from '../raft/permalink.js';

/** The seed of the page's own draws: the same one each time, so that two looks at one cluster have one future. */
const SEED = 1;

type Look =
  | { readonly kind: 'none' | 'asking' }
  | { readonly kind: 'ready'; readonly link: string }
  | { readonly kind: 'failed'; readonly text: string };

const look = signal<Look>({ kind: 'none' });

/** The address of the page that runs Raft, at this state of the cluster. */
async function simulatorLink(): Promise<string> {
  const reply = await fetch('logs');
  if (!reply.ok) throw new Error((await reply.text()).trim());
  const start = startFrom((await reply.json()) as ClusterLogs);
  if (start === undefined) throw new Error('no server told its log');
  const setup = { seed: SEED, servers: start.servers.length, mode: 'shipped' as const };
  return `raft.html${await linkTo({ ...setup, start, actions: [], position: 0 })}`;
}

async function open(): Promise<void> {
  look.value = { kind: 'asking' };
  try {
    const link = await simulatorLink();
    look.value = { kind: 'ready', link };
    // A browser may refuse this when the answers took their time; then there is the link.
    window.open(link, '_blank');
  } catch (error) {
    look.value = { kind: 'failed', text: error instanceof Error ? error.message : String(error) };
  }
}

/** Takes logs, terms, votes, commit indices and roles of the servers into the page that runs Raft. */
export function SimulatorButton(): JSX.Element {
  const now = look.value;
  return (
    <div class="simulator">
      <div class="buttons">
        <button type="button" disabled={now.kind === 'asking'} onClick={() => void open()}>
          Look at it in the simulator
        </button>
        <a href="raft.html">Raft in your browser</a>
      </div>
      <p class={now.kind === 'failed' ? 'outcome error' : 'outcome'} role="status">
        {now.kind === 'asking' && 'asking the servers, one after another, for the ends of their logs …'}
        {now.kind === 'failed' && `the logs could not be taken: ${now.text}`}
        {now.kind === 'ready' && (
          <>
            taken: <a href={now.link}>this state in the simulator</a>
          </>
        )}
      </p>
    </div>
  );
}
