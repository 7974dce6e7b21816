import type { ComponentChildren, JSX } from 'preact';
import { seconds } from './terms.js';
import { speeds, type PageModel, type Speed } from './model.js';
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
        <Button label="Next message" hint="." press={() => model.toMessage()} />
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
        <select value={setup.servers} onChange={(event) => model.startNew(Number(event.currentTarget.value))}>
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
