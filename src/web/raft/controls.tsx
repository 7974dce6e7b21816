import type { ComponentChildren, JSX } from 'preact';
import type { NodeId } from '../../raft/types.js';
import { seconds } from './terms.js';
import { speeds, type PageModel, type Speed } from './model.js';
import type { ServerPicture } from './view.js';
import type { Action } from './actions.js';
import type { Mode } from './setup.js';

interface ButtonProps {
  readonly label: string;
  readonly hint?: string;
  readonly primary?: boolean;
  readonly disabled?: boolean;
  readonly press: () => void;
}

/** The letter that does the same is shown in the label's title. */
export function Button({ label, hint, primary = false, disabled = false, press }: ButtonProps): JSX.Element {
  return (
    <button type="button" class={primary ? 'primary' : ''} title={hint} disabled={disabled} onClick={press}>
      {label}
    </button>
  );
}

/** Play, pause, step, and the line of time. */
export function Transport({ model }: { model: PageModel }): JSX.Element {
  const { world } = model;
  const { end } = model;
  return (
    <section class="transport" aria-label="Time">
      <div class="buttons">
        <Button
          label={model.isPlaying.value ? '❚❚ Pause' : '▶ Play'}
          hint="space"
          primary
          press={() => model.toggle()}
        />
        <Button
          label="◀ Back"
          hint="left arrow"
          disabled={world.position === 0}
          press={() => model.stepBack()}
        />
        <Button label="Step ▶" hint="right arrow" press={() => model.step()} />
        <Button label="Next election" hint="e" press={() => model.toElection()} />
        <label class="inline">
          Speed{' '}
          <select
            value={String(model.speed.value)}
            onChange={(event) => (model.speed.value = Number(event.currentTarget.value) as Speed)}
          >
            {speeds.map((speed) => (
              <option value={String(speed)}>{speed >= 1 ? `${speed}×` : `1/${Math.round(1 / speed)}`}</option>
            ))}
          </select>
        </label>
        <output class="clock" title={model.isPlaying.value ? undefined : `state ${world.hash}`}>
          {seconds(world.nowMs)}
        </output>
      </div>
      <input
        class="scrub"
        type="range"
        aria-label="Moment"
        aria-valuetext={seconds(world.nowMs)}
        min="0"
        max={Math.max(1, end)}
        value={world.position}
        onInput={(event) => model.seek(Number(event.currentTarget.value))}
      />
      <p class="notice" role="status">
        {model.notice.value}
      </p>
    </section>
  );
}

/** The actions that a server allows now; the first letter of each is its key. */
export function actionsOn({
  id: server,
  condition,
}: ServerPicture): { label: string; key: string; action: Action }[] {
  if (condition === 'stopped') {
    return [
      { label: 'Resume', key: 's', action: { kind: 'start', server } },
      { label: 'Request', key: 'r', action: { kind: 'request', server } },
    ];
  }
  const crash: { label: string; key: string; action: Action } =
    condition === 'running'
      ? { label: 'Crash', key: 'c', action: { kind: 'crash', server } }
      : { label: 'Restore', key: 'c', action: { kind: 'restore', server } };
  return [
    { label: 'Request', key: 'r', action: { kind: 'request', server } },
    { label: 'Stop', key: 's', action: { kind: 'stop', server } },
    crash,
    ...(condition === 'running'
      ? [{ label: 'Time out', key: 't', action: { kind: 'timeout', server } } as const]
      : []),
  ];
}

/** Buttons for what is selected. */
export function SelectionPanel({ model }: { model: PageModel }): JSX.Element {
  const selection = model.selection.value;
  const views = model.world.views();
  if (selection === null) {
    return (
      <p class="selection empty">
        Choose a server or a link in the picture, or press a server’s number.{' '}
        {views.length > 1 && 'Try to stop the leader.'}
      </p>
    );
  }
  if (selection.kind === 'link') return <LinkPanel model={model} from={selection.from} to={selection.to} />;
  const view = views[selection.id];
  if (view === undefined) return <p class="selection empty">This world has no such server.</p>;
  return (
    <section class="selection" aria-label={`Server ${view.id}`}>
      <h2>Server {view.id}</h2>
      <div class="buttons">
        {actionsOn(view).map(({ label, key, action }) => (
          <Button key={label} label={label} hint={key} press={() => model.act(action)} />
        ))}
        <Links model={model} server={view.id} count={views.length} />
      </div>
    </section>
  );
}

function Links({
  model,
  server,
  count,
}: {
  model: PageModel;
  server: NodeId;
  count: number;
}): JSX.Element | null {
  const others = Array.from({ length: count }, (_, id) => id).filter((id) => id !== server);
  if (others.length === 0) return null;
  const ways = others.flatMap((other) => [[server, other] as const, [other, server] as const]);
  const cut = ways.filter(([from, to]) => model.world.isCut(from, to));
  const change = (kind: 'cut' | 'heal') => (): void =>
    model.act(...ways.map(([from, to]) => ({ kind, from, to })));
  return (
    <>
      {cut.length < ways.length && <Button label="Cut off" hint="x" press={change('cut')} />}
      {cut.length > 0 && <Button label="Heal its links" hint="h" press={change('heal')} />}
      <label class="inline">
        Link to{' '}
        <select
          value=""
          onChange={(event) => {
            const other = Number(event.currentTarget.value);
            model.selection.value = {
              kind: 'link',
              from: Math.min(server, other),
              to: Math.max(server, other),
            };
          }}
        >
          <option value="" disabled>
            …
          </option>
          {others.map((other) => (
            <option value={other}>{other}</option>
          ))}
        </select>
      </label>
    </>
  );
}

function LinkPanel({ model, from, to }: { model: PageModel; from: NodeId; to: NodeId }): JSX.Element {
  const there = model.world.isCut(from, to);
  const back = model.world.isCut(to, from);
  const toggle = (isCut: boolean, a: NodeId, b: NodeId): JSX.Element => (
    <Button
      label={`${isCut ? 'Heal' : 'Cut'} ${a} → ${b}`}
      press={() => model.act({ kind: isCut ? 'heal' : 'cut', from: a, to: b })}
    />
  );
  return (
    <section class="selection" aria-label={`Link between ${from} and ${to}`}>
      <h2>
        Link {from} – {to}
      </h2>
      <div class="buttons">
        {!(there && back) && (
          <Button
            label="Cut"
            hint="x"
            press={() => model.act({ kind: 'cut', from, to }, { kind: 'cut', from: to, to: from })}
          />
        )}
        {(there || back) && (
          <Button
            label="Heal"
            hint="h"
            press={() => model.act({ kind: 'heal', from, to }, { kind: 'heal', from: to, to: from })}
          />
        )}
        {toggle(there, from, to)}
        {toggle(back, to, from)}
      </div>
    </section>
  );
}

/** A new world: how many servers, which seed, and which rules. */
export function SetupPanel({
  model,
  children,
}: {
  model: PageModel;
  children: ComponentChildren;
}): JSX.Element {
  const setup = model.setup.value;
  const change = (part: Partial<typeof setup>): void => model.startAnew({ ...setup, ...part });
  return (
    <section class="setup" aria-label="The world">
      {children}
      <label>
        Servers{' '}
        <select
          value={setup.servers}
          onChange={(event) => change({ servers: Number(event.currentTarget.value) })}
        >
          {Array.from({ length: 10 }, (_, index) => (
            <option value={index + 1}>{index + 1}</option>
          ))}
        </select>
      </label>
      <label>
        Rules{' '}
        <select value={setup.mode} onChange={(event) => change({ mode: event.currentTarget.value as Mode })}>
          <option value="shipped">as shipped</option>
          <option value="paper">as in the paper</option>
        </select>
      </label>
      <label>
        Seed{' '}
        <input
          type="number"
          min="0"
          max="4294967295"
          value={setup.seed}
          onChange={(event) => {
            const seed = Number(event.currentTarget.value);
            if (Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32) change({ seed });
            else model.notice.value = 'A seed is a whole number from 0 to 4294967295.';
          }}
        />
      </label>
      <Button label="Start anew" press={() => change({})} />
    </section>
  );
}
