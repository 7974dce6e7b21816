import type { RunRecord } from '../runRecord.js';
import { badHistories } from './badHistory.js';
import { callTables, electionTable, faultTable } from './tables.js';
import { patterns, styles } from './styles.js';
import { checkList, figures, verdictHead, verdictWord } from './verdict.js';
import { lanes, lanesLegend } from './lanes.js';
import { withoutMajority, summarize } from './summary.js';
import { markup, trusted, type Markup } from './markup.js';
import { clock, counted } from './words.js';
import { operationsPlot } from './operationsPlot.js';
import { pageScript } from './pageScript.js';
import { throughput } from './throughput.js';
import { wholeRun, type TimeAxis } from './chart.js';

/**
 * The report of a run as one HTML page that needs nothing else: no network, no other files, and no scripts to be read.
 * Equal records make equal pages.
 */
export function renderReport(record: RunRecord): string {
  const axis = wholeRun(record);
  const noMajority = withoutMajority(record, axis.endMs);
  const summary = summarize(record, axis.endMs);
  const timeline = markup`<section id="timeline" aria-labelledby="timeline-title"><h2 id="timeline-title">What happened</h2>
${zoomTools}
${titled('Servers', markup`${lanesLegend(record)}${lanes(record, axis, noMajority)}`)}
${titled('Operations', operationsPlot(record, axis, noMajority, summary))}
${titled('Throughput', throughput(record, axis, noMajority))}
</section>`;
  const page = markup`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>${verdictWord(record)}: ${record.scenario}, seed ${record.seed}</title>
<style>${trusted(styles())}</style></head>
<body>${patterns}<main>
${verdictHead(record)}
${figures(record, axis, summary, noMajority)}
${section('checks', 'Checks', checkList(record))}
${badHistories(record, axis)}
${timeline}
${section('story', 'Story', story(record, axis))}
${section('elections', 'Elections', electionTable(record, axis, summary.elections))}
${section('words', 'In words', markup`${faultTable(record, axis)}${callTables(record, axis)}`)}
<footer>Written by ${record.program} from the record of the run. All times are since the run began.</footer>
</main><script>${trusted(pageScript)}</script></body></html>
`;
  return page.markup;
}

const zoomTools = markup`<div class="tools scripted">Zoom ${[1, 2, 4, 8].map(
  (zoom) =>
    markup`<button type="button" data-zoom="${zoom}" aria-pressed="${String(zoom === 1)}">${zoom}×</button>`,
)} <span>Zoomed, the three charts scroll sideways together.</span></div>`;

function titled(title: string, content: Markup): Markup {
  return markup`<div class="chart"><h3>${title}</h3>${content}</div>`;
}

function section(id: string, title: string, content: Markup): Markup {
  return markup`<section aria-labelledby="${id}-title"><h2 id="${id}-title">${title}</h2>${content}</section>`;
}

/** More than these are folded away below them. */
const stepsShown = 60;

/** The monkey's steps, in time order, with the numbers that stand over the lanes. */
function story({ steps }: RunRecord, axis: TimeAxis): Markup {
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
