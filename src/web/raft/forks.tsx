import type { JSX } from 'preact';
import type { Action } from './actions.js';
import { clientName } from './calls.js';
import type { Branch } from './history.js';
import type { PageModel } from './model.js';

const WIDTH = 520;
const ROW = 22;
const LEFT = 10;
const LABEL = 150;

const serverWords = {
  crash: 'crash',
  restore: 'restore',
  stop: 'stop',
  start: 'resume',
  timeout: 'time out',
  pause: 'pause',
  resume: 'continue',
} as const;

/** An action in a few words. */
function actionWords(action: Action): string {
  if ('message' in action) return `${action.kind} message ${action.message}`;
  if ('from' in action) return `${action.kind} ${action.from} → ${action.to}`;
  const { kind } = action;
  if (kind === 'request' || kind === 'read' || kind === 'session' || kind === 'retry')
    return `${clientName(action.client ?? 0)}: ${kind} at ${action.server}`;
  return `${serverWords[kind]} ${action.server}`;
}

/** The futures that were seen, as a tree: a click goes back to the end of one. */
export function Forks({ model }: { model: PageModel }): JSX.Element | null {
  const { branches, world } = model;
  if (branches.length < 2) return null;
  const longest = Math.max(1, ...branches.map(({ end }) => end));
  const x = (position: number): number => LEFT + (position / longest) * (WIDTH - LABEL - LEFT);
  const rowOf = new Map(branches.map(({ id }, row) => [id, row]));
  const y = (id: number): number => (rowOf.get(id) ?? 0) * ROW + ROW / 2;
  return (
    <section class="card" aria-label="Futures">
      <h2>Futures</h2>
      <svg
        class="forks"
        viewBox={`0 0 ${WIDTH} ${branches.length * ROW}`}
        role="group"
        aria-label="The futures that were seen"
      >
        {branches.map((branch) => (
          <Future
            key={branch.id}
            branch={branch}
            y={y(branch.id)}
            from={x(branch.forkAt)}
            to={x(branch.end)}
            parentY={branch.parent === null ? null : y(branch.parent)}
            choose={() => model.goTo(branch.id)}
          />
        ))}
        {branches
          .filter(({ isCurrent }) => isCurrent)
          .map(({ id }) => (
            <circle key="here" class="here" cx={x(world.position)} cy={y(id)} r="5" />
          ))}
      </svg>
    </section>
  );
}

function Future(props: {
  branch: Branch;
  y: number;
  from: number;
  to: number;
  parentY: number | null;
  choose: () => void;
}): JSX.Element {
  const { branch, y, from, to, parentY } = props;
  const first = branch.actions.find(({ at }) => at >= branch.forkAt);
  const words = branch.parent === null ? 'the first' : first === undefined ? '' : actionWords(first.action);
  return (
    <g
      class={`future ${branch.isCurrent ? 'current' : ''}`}
      role="button"
      tabIndex={0}
      aria-pressed={branch.isCurrent}
      aria-label={`future ${branch.id + 1}: ${words}`}
      onClick={props.choose}
      onKeyDown={(event) => {
        if (event.key === 'Enter') props.choose();
      }}
    >
      <rect class="future-grip" x="0" y={y - ROW / 2} width={WIDTH} height={ROW} />
      {parentY !== null && <path d={`M${from.toFixed(1)} ${parentY}V${y}`} />}
      <path d={`M${from.toFixed(1)} ${y}H${Math.max(from + 6, to).toFixed(1)}`} />
      <text x={Math.max(from + 6, to) + 10} y={y + 4}>
        {words}
      </text>
    </g>
  );
}
