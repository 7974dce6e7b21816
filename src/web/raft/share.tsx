import type { JSX } from 'preact';
import { Button } from './controls.js';
import { saveFigure } from './figure.js';
import type { PageModel } from './model.js';
import { linkTo } from './permalink.js';

/** Writes the link of this moment into the address, and into the clipboard where that is allowed. */
async function share(model: PageModel): Promise<void> {
  const { world } = model;
  const link = await linkTo({ ...world.setup, position: world.position, actions: model.actions });
  window.history.replaceState(null, '', link);
  try {
    await navigator.clipboard.writeText(window.location.href);
    model.notice.value = 'The link of this moment is copied, and stands in the address.';
  } catch {
    model.notice.value = 'The link of this moment stands in the address of the page.';
  }
}

/** Things to take home: a link to the moment, a figure, and the list of keys. */
export function SharePanel({ model }: { model: PageModel }): JSX.Element {
  return (
    <section class="share" aria-label="Take home">
      <div class="buttons">
        <Button label="Link to this moment" press={() => void share(model)} />
        <Button label="Figure (PNG)" press={() => void saveFigure(model, 'raft.png')} />
        <Button label="Figure (SVG)" press={() => void saveFigure(model, 'raft.svg')} />
      </div>
      <details>
        <summary>Keys</summary>
        <p>
          <kbd>space</kbd> play or pause · <kbd>←</kbd> <kbd>→</kbd> step · <kbd>e</kbd> next election ·{' '}
          <kbd>0</kbd>–<kbd>9</kbd> choose a server · <kbd>r</kbd> request · <kbd>s</kbd> stop or resume ·{' '}
          <kbd>c</kbd> crash or restore · <kbd>t</kbd> time out · <kbd>x</kbd> cut · <kbd>h</kbd> heal ·{' '}
          <kbd>Esc</kbd> choose nothing
        </p>
      </details>
    </section>
  );
}
