import type { JSX } from 'preact';
import { entryLabel } from '../../stateMachine/entryLabel.js';
import { termColour } from './terms.js';
import type { ServerPicture } from './view.js';

const CELL = 54;
const ROW = 46;
const HEAD = 24;
const LEFT = 54;
/** Room for the contents of the state machine. */
const RIGHT = 62;
/** Longer logs are shown from the end. */
const SHOWN = 9;
/** Characters of a label that fit into its box. */
const LABEL_SHOWN = 7;

/** The logs of all servers side by side: what is committed has a solid border, what is not a dotted one. */
export function Logs({ views }: { views: readonly ServerPicture[] }): JSX.Element {
  const longest = Math.max(SHOWN, ...views.map(({ log }) => log.length));
  const first = longest - SHOWN + 1;
  const width = LEFT + SHOWN * CELL + RIGHT;
  const height = HEAD + views.length * ROW + 4;
  const indexes = Array.from({ length: SHOWN }, (_, column) => first + column);
  const spoken = views.map(
    ({ id, log, commitIndex }) => `server ${id}: ${log.length} entries, ${commitIndex} committed`,
  );
  return (
    <svg
      id="logs"
      class="logs"
      viewBox={`0 0 ${width} ${height}`}
      role="img"
      aria-label={`Logs. ${spoken.join('; ')}`}
    >
      {first > 1 && (
        <text class="index" x={LEFT - 8} y={16} text-anchor="end">
          …
        </text>
      )}
      {indexes.map((index, column) => (
        <text class="index" x={LEFT + column * CELL + CELL / 2 - 2} y={16}>
          {index}
        </text>
      ))}
      <text class="index" x={LEFT + SHOWN * CELL + RIGHT / 2} y={16}>
        state
      </text>
      {views.map((view, row) => (
        <g
          class={`log ${view.condition === 'running' ? '' : 'down'}`}
          data-log={view.id}
          transform={`translate(0 ${HEAD + row * ROW})`}
        >
          <text
            class={`who ${view.condition === 'running' ? view.role : 'down'}`}
            x={LEFT - 12}
            y={26}
            text-anchor="end"
          >
            {view.role === 'leader' && view.condition === 'running' ? '♛ ' : ''}
            {view.id}
          </text>
          {indexes.map((index, column) =>
            index < view.firstIndex ? null : <Cell view={view} index={index} x={LEFT + column * CELL} />,
          )}
          <SnapshotBlock view={view} first={first} />
          <Pointers view={view} views={views} first={first} />
          <text class="state-value" x={LEFT + SHOWN * CELL + RIGHT / 2} y={28}>
            {view.value === undefined ? '–' : `x=${JSON.stringify(view.value)}`}
          </text>
        </g>
      ))}
    </svg>
  );
}

function Cell({ view, index, x }: { view: ServerPicture; index: number; x: number }): JSX.Element {
  const entry = view.log[index - 1];
  if (entry === undefined) return <rect class="empty" x={x} y={3} width={CELL - 4} height={ROW - 8} rx="4" />;
  const isCommitted = index <= view.commitIndex;
  const isOnDisk = index <= view.durable;
  const label = entryLabel(entry);
  return (
    <g
      class={`entry ${isCommitted ? 'committed' : 'uncommitted'} ${isOnDisk ? '' : 'in-memory'}`}
      style={{ color: termColour(entry.term) }}
      data-entry={index}
    >
      <rect x={x + 1} y={4} width={CELL - 6} height={ROW - 10} rx="4" />
      <text class="entry-term" x={x + CELL / 2 - 2} y={20}>
        {entry.term}
      </text>
      <text class="entry-label" x={x + CELL / 2 - 2} y={34}>
        {short(label)}
      </text>
      {label.length > LABEL_SHOWN && <title>{label}</title>}
    </g>
  );
}

function short(label: string): string {
  return label.length > LABEL_SHOWN ? `${label.slice(0, LABEL_SHOWN - 1)}…` : label;
}

/** The entries that only the snapshot still holds. */
function SnapshotBlock({ view, first }: { view: ServerPicture; first: number }): JSX.Element | null {
  const cells = view.firstIndex - first;
  if (cells <= 0) return null;
  return (
    <g class="snapshot-block">
      <rect x={LEFT + 1} y={4} width={cells * CELL - 6} height={ROW - 10} rx="4" />
      <text class="entry-label" x={LEFT + (cells * CELL) / 2 - 2} y={28}>
        {cells < 2 ? `to ${view.firstIndex - 1}` : `snapshot to ${view.firstIndex - 1}`}
      </text>
    </g>
  );
}

/** The leader's progress of each follower: a dot under the match index, a triangle under the next one. */
function Pointers(props: {
  view: ServerPicture;
  views: readonly ServerPicture[];
  first: number;
}): JSX.Element | null {
  const leader = props.views.find(({ role, condition }) => role === 'leader' && condition === 'running');
  const peer = leader?.peers.find(({ id }) => id === props.view.id);
  if (peer === undefined) return null;
  const x = (index: number): number => LEFT + (index - props.first) * CELL + CELL / 2 - 2;
  const isShown = (index: number): boolean => index >= props.first && index < props.first + SHOWN;
  return (
    <>
      {isShown(peer.match) && <circle class="match" cx={x(peer.match)} cy={ROW - 3} r="2.8" />}
      {isShown(peer.next) && (
        <path class="next" d="M-4.5 4L0 -4L4.5 4Z" transform={`translate(${x(peer.next)} ${ROW - 3})`} />
      )}
    </>
  );
}
