import type { JSX } from 'preact';
import { bugOf, bugs } from './bugs.js';
import { Button } from './controls.js';
import type { PageModel } from './model.js';
import { properties } from './reasons.js';
import { recipeFor } from './recipes.js';

/** The bug that is planted in the servers, if any. */
export function BugChoice({ model }: { model: PageModel }): JSX.Element {
  return (
    <label>
      Break it{' '}
      <select
        class="bug-choice"
        value={model.setup.value.bug ?? ''}
        onChange={({ currentTarget: { value } }) => model.plant(value === '' ? undefined : value)}
      >
        <option value="">no bug</option>
        {properties.map(({ id: light, name }) => (
          <optgroup key={light} label={name}>
            {bugs
              .filter((bug) => bug.light === light)
              .map(({ id, title }) => (
                <option key={id} value={id}>
                  {title}
                </option>
              ))}
          </optgroup>
        ))}
      </select>
    </label>
  );
}

/** The bug in words, and the run that shows it. */
export function BugPanel({ model }: { model: PageModel }): JSX.Element | null {
  const { bug: id } = model.setup.value;
  if (id === undefined) return null;
  const bug = bugOf(id);
  const { violation } = model.world;
  const light = properties.find((each) => each.id === bug.light);
  return (
    <section class="card bug" aria-label="Bug">
      <h2>A bug in every server</h2>
      <p class="question">{bug.title}</p>
      <p>
        {bug.text} <i>Raft, section {bug.section}.</i>
      </p>
      <p>
        <b>Try it</b>: {recipeFor(id).text} The light to watch: <b>{light?.name}</b>.
      </p>
      <div class="buttons">
        <Button label="Show me" primary press={() => model.showBug()} />
        <Button
          label="The same without the bug"
          disabled={model.actions.length === 0}
          press={() => model.withoutBug()}
        />
      </div>
      {violation !== undefined && (
        <p class="broken-text" role="status">
          ✗ {violation.text}
        </p>
      )}
    </section>
  );
}
