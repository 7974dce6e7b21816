import type { RunRecord } from '../runRecord.js';
import { markup, type Markup } from './markup.js';
import { clock, counted } from './numbers.js';
import type { TimeAxis } from './timeAxis.js';

/** More than these are folded away below them. */
const stepsShown = 60;

/** What the monkey did, in time order, with the numbers that stand over the lanes. */
export function story({ steps }: RunRecord, axis: TimeAxis): Markup {
  if (steps.length === 0) return markup`<p class="empty">The monkey did nothing.</p>`;
  const lines = steps.map(
    ({ at, text }, index) =>
      markup`<li id="step-${index + 1}"><a class="step-number" href="#lanes" aria-label="Step ${index + 1}, to the lanes">${index + 1}</a><span class="when">${clock(at, axis.endMs)}</span><span>${text}</span></li>
`,
  );
  const rest = lines.slice(stepsShown);
  return markup`<ol class="story">${lines.slice(0, stepsShown)}</ol>${
    rest.length === 0
      ? undefined
      : markup`<details><summary>${counted(rest.length, 'more step')}</summary><ol class="story" start="${stepsShown + 1}">${rest}</ol></details>`
  }`;
}
