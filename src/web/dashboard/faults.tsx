import { useEffect, useState } from 'preact/hooks';
import type { JSX } from 'preact';
import type { FaultAction, ServerView } from '../../dashboard/sample.js';
import { Chaos } from './chaos.js';
import { roleOf } from './roles.js';
import { busy, hasHooks, leader, outcome, servers } from './store.js';

/** A button that stops the service asks once more; after so long it has forgotten the first press. */
const CONFIRM_MS = 4_000;

/** Presses one button of one server, and says what became of it. */
async function press(action: FaultAction, id: number): Promise<void> {
  busy.value = new Set([...busy.value, id]);
  try {
    const reply = await fetch(`servers/${id}/${action}`, { method: 'POST' });
    const text = (await reply.text()).trim();
    outcome.value = { text: reply.ok ? text : `${action} server ${id}: ${text}`, isError: !reply.ok };
  } catch {
    outcome.value = { text: `${action} server ${id}: this server does not answer`, isError: true };
  }
  busy.value = new Set([...busy.value].filter((other) => other !== id));
}

async function pressAll(action: FaultAction, ids: readonly number[]): Promise<void> {
  await Promise.all(ids.map((id) => press(action, id)));
  if (outcome.value?.isError === false)
    outcome.value = {
      text: `${action}: ${ids.length === 1 ? 'server' : 'servers'} ${ids.join(', ')}`,
      isError: false,
    };
}

/** The buttons in a server's row. */
export function ServerButtons({ view }: { readonly view: ServerView }): JSX.Element | null {
  const role = roleOf(view);
  if (role === 'gone' || role === 'unknown') return <span class="muted">nothing to press</span>;
  const { id, sample: told } = view;
  const isBusy = busy.value.has(id);
  const isIsolated = told !== null && told.unreachableFrom.length === servers.value.length - 1;
  const isCut = (told?.unreachableFrom.length ?? 0) > 0;
  const crash: FaultAction = role === 'crashed' ? 'restore' : 'crash';
  const cut: FaultAction = isCut ? 'heal' : 'isolate';
  const button = (action: FaultAction): JSX.Element => (
    <button
      type="button"
      class={action === 'crash' || action === 'isolate' ? 'harm' : 'mend'}
      disabled={isBusy}
      aria-label={`${action} server ${id}`}
      onClick={() => void press(action, id)}
    >
      {action}
    </button>
  );
  return (
    <span class="buttons">
      {button(crash)}
      {servers.value.length > 1 && button(isIsolated ? 'heal' : cut)}
    </span>
  );
}

/** Faults of several servers at once, and what the last button did. */
export function Faults(): JSX.Element | null {
  if (!hasHooks.value) return null;
  const views = servers.value;
  const lead = leader.value;
  const crashed = views.filter((view) => roleOf(view) === 'crashed').map(({ id }) => id);
  const cut = views.filter(({ sample }) => (sample?.unreachableFrom.length ?? 0) > 0).map(({ id }) => id);
  const doomed = majorityToCrash(views, lead?.id ?? null);
  return (
    <section class="card faults" aria-labelledby="faults-title">
      <h2 id="faults-title">Break it, mend it</h2>
      <p class="muted">
        The crash hooks of this cluster are on. A crashed server keeps its state and its place; restore brings
        it back. To isolate is to make a server and all others deaf to each other.
      </p>
      <div class="buttons">
        <button
          type="button"
          class="harm"
          disabled={lead === null}
          onClick={() => lead !== null && void press('crash', lead.id)}
        >
          Crash the leader
        </button>
        <ConfirmButton
          label="Crash a majority"
          question={`Crash ${doomed.join(', ')}? Calls will wait`}
          isDisabled={doomed.length === 0}
          onConfirm={() => void pressAll('crash', doomed)}
        />
        <button
          type="button"
          class="mend"
          disabled={crashed.length === 0}
          onClick={() => void pressAll('restore', crashed)}
        >
          Restore all
        </button>
        <button
          type="button"
          class="mend"
          disabled={cut.length === 0}
          onClick={() => void pressAll('heal', cut)}
        >
          Heal all
        </button>
      </div>
      <p class={outcome.value?.isError === true ? 'outcome error' : 'outcome'} role="status">
        {outcome.value?.text ?? ''}
      </p>
      <Chaos />
    </section>
  );
}

/** The leader first, then others, until too few are left; empty when that is so already. */
function majorityToCrash(views: readonly ServerView[], leaderId: number | null): number[] {
  const running = views.filter((view) => !['crashed', 'gone', 'unknown'].includes(roleOf(view)));
  const majority = Math.floor(views.length / 2) + 1;
  const needed = running.length - majority + 1;
  const order = [...running].sort(
    (a, b) => Number(b.id === leaderId) - Number(a.id === leaderId) || a.id - b.id,
  );
  return order.slice(0, Math.max(0, needed)).map(({ id }) => id);
}

function ConfirmButton({
  label,
  question,
  isDisabled,
  onConfirm,
}: {
  readonly label: string;
  readonly question: string;
  readonly isDisabled: boolean;
  readonly onConfirm: () => void;
}): JSX.Element {
  const [isAsking, setAsking] = useState(false);
  useEffect(() => {
    if (!isAsking) return undefined;
    const timer = setTimeout(() => setAsking(false), CONFIRM_MS);
    return () => clearTimeout(timer);
  }, [isAsking]);
  const click = (): void => {
    if (isAsking) onConfirm();
    setAsking(!isAsking);
  };
  return (
    <button type="button" class={isAsking ? 'harm asking' : 'harm'} disabled={isDisabled} onClick={click}>
      {isAsking && !isDisabled ? question : label}
    </button>
  );
}
