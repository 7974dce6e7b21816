import type { JSX } from 'preact';
import { Button } from './controls.js';
import { saveFigure } from './figure.js';
import type { PageModel } from './model.js';
import { linkTo } from './permalink.js';

/** Writes the link of this moment into the address, and into the clipboard where that is allowed. */
async function share(model: PageModel): Promise<void> {
  const link = await linkTo(model.moment);
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
          <b>Time</b>: <kbd>space</kbd> play or pause · <kbd>←</kbd> <kbd>→</kbd> step · <kbd>.</kbd> next
          message · <kbd>e</kbd> next election · <kbd>+</kbd> <kbd>-</kbd> <kbd>n</kbd> speed
        </p>
        <p>
          <b>All</b> (RaftScope’s): <kbd>C</kbd> request to the leader · <kbd>R</kbd> restart the leader ·{' '}
          <kbd>T</kbd> the next timeout now · <kbd>A</kbd> all time out at once · <kbd>B</kbd> bring all back
        </p>
        <p>
          <b>Server</b> <kbd>0</kbd>–<kbd>9</kbd>: <kbd>r</kbd> request · <kbd>g</kbd> read · <kbd>s</kbd>{' '}
          stop or resume · <kbd>p</kbd> pause or continue · <kbd>c</kbd> crash or restore · <kbd>t</kbd> time
          out · <kbd>x</kbd> cut off · <kbd>h</kbd> heal
        </p>
        <p>
          <b>Link</b>: <kbd>x</kbd> cut · <kbd>&gt;</kbd> <kbd>&lt;</kbd> one direction · <kbd>w</kbd> slow ·{' '}
          <kbd>l</kbd> lossy · <kbd>h</kbd> heal. <b>Message</b> <kbd>m</kbd>: <kbd>d</kbd> drop ·{' '}
          <kbd>h</kbd> hold or release · <kbd>u</kbd> duplicate · <kbd>f</kbd> deliver now. <kbd>Esc</kbd>{' '}
          choose nothing
        </p>
      </details>
    </section>
  );
}
