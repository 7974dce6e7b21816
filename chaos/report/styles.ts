import type { RunRecord } from '../runRecord.js';
import { plotWidthsPx } from './chart.js';
import { markup, type Markup } from './markup.js';

/** All styles of the page. */
export function styles(): string {
  return `${colours}\n${pageStyles}\n${chartStyles()}\n${printStyles}`;
}

const pageStyles = `
* { box-sizing: border-box; }
html { color-scheme: light dark; }
body { margin: 0; background: var(--ground); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif; }
main { max-width: 1600px; margin: 0 auto; padding: 20px 24px 48px; }
section { margin-top: 40px; }
h1, h2, h3, p, ul, ol, dl, dd { margin: 0; }
ul, ol { padding: 0; list-style: none; }
h2 { font-size: 20px; line-height: 1.3; margin-bottom: 12px; }
h3 { font-size: 15px; }
.lead { color: var(--muted); max-width: 90ch; margin-bottom: 12px; }
a { color: var(--link); }
code { font: 13px/1.5 ui-monospace, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace; unicode-bidi: isolate; }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; border-radius: 3px; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.bad { color: var(--fail); font-weight: 700; }
.empty { color: var(--muted); padding: 18px; border: 1px dashed var(--line); border-radius: 8px; text-align: center; }
.caption { color: var(--muted); font-size: 13px; margin-top: 4px; max-width: 110ch; }
.scripted { display: none; }
.js .scripted { display: inline-flex; } .js span.scripted { display: inline; }

.verdict { display: grid; grid-template-columns: auto 1fr; gap: 4px 28px; align-items: center; padding: 22px 26px;
  border-radius: 12px; background: var(--tone-soft); border: 1px solid var(--tone); border-left-width: 10px; }
.verdict.pass, .badge.pass { --tone: var(--pass); --tone-soft: var(--pass-soft); }
.verdict.fail, .badge.fail { --tone: var(--fail); --tone-soft: var(--fail-soft); }
.verdict.unknown, .badge.unknown { --tone: var(--doubt); --tone-soft: var(--doubt-soft); }
.verdict .word { color: var(--tone); font-size: clamp(34px, 5vw, 56px); line-height: 1.05; letter-spacing: -0.01em;
}
.verdict small { display: block; font-size: 0.4em; line-height: 1.5; font-weight: 600; text-align: right; letter-spacing: 0; }
.verdict .what { border-left: 1px solid var(--line-strong); padding-left: 28px; min-width: 0; }
@media (width < 640px) { .verdict { grid-template-columns: 1fr; padding: 16px 18px; } .verdict .what { border-left: 0; padding-left: 0; }
  .verdict small { text-align: left; } main { padding: 12px 12px 32px; } }
.verdict h1 { font-size: 24px; line-height: 1.25; overflow-wrap: anywhere; }
.shows { overflow-wrap: anywhere; max-width: 90ch; }
.tally { font-weight: 600; margin-top: 4px; }
.run { display: flex; flex-wrap: wrap; gap: 10px 32px; padding: 14px 4px 0; }
.run dt { color: var(--muted); font-size: 12px; }
.run .command { flex: 1 1 100%; min-width: 0; }
.run .command dd { display: flex; gap: 10px; align-items: start; }
#command { flex: 0 1 auto; background: var(--sunken); border: 1px solid var(--line); border-radius: 6px; padding: 5px 10px;
  overflow-wrap: anywhere; user-select: all; }
#command .word { white-space: nowrap; }
button { font: inherit; font-size: 13px; color: var(--ink); background: var(--surface); border: 1px solid var(--line-strong);
  border-radius: 6px; padding: 4px 12px; cursor: pointer; }
button:hover { background: var(--sunken); }
button[aria-pressed='true'] { background: var(--ink); color: var(--surface); }

.tiles { display: grid; grid-template-columns: repeat(6, 1fr); gap: 12px; }
section:has(> .tiles) { margin-top: 18px; }
.tiles li { grid-column: span 2; background: var(--surface); border: 1px solid var(--line); border-radius: 10px; padding: 12px 16px;
  display: flex; flex-direction: column; min-width: 0; }
.tiles li:nth-child(n + 4) { grid-column: span 3; }
@media (width < 640px) { .tiles { grid-template-columns: 1fr 1fr; } .tiles li:nth-child(n) { grid-column: auto; } }
@media (width >= 1180px) { .tiles { grid-template-columns: 1.25fr 1fr 1.25fr 1fr 1.2fr; } .tiles li:nth-child(n) { grid-column: auto; } }
.tiles .name { color: var(--muted); font-size: 13px; }
.tiles b { font-size: 28px; line-height: 1.25; font-variant-numeric: tabular-nums; }
.tiles .note { font-size: 13px; color: var(--muted); }
.tiles .note > span { white-space: nowrap; } .tiles .note > span:has(.key) { margin-right: 10px; }
.key { display: inline-block; width: 9px; height: 9px; margin-right: 6px; background: var(--tone); border: 2px solid var(--tone); }
.key.ok { --tone: var(--ok); border-radius: 50%; }
.key.refused { --tone: var(--refused); background: none; }
.key.fault { --tone: var(--fault); width: 4px; height: 11px; margin: 0 9px -1px 2px; }
.key.unknown { --tone: var(--unknown); background: none; border-radius: 50%; }

.checks { border: 1px solid var(--line); border-radius: 10px; background: var(--surface); overflow: hidden; }
.checks > li { display: grid; grid-template-columns: 108px 1fr; gap: 16px; padding: 11px 16px; }
.checks > li + li { border-top: 1px solid var(--line); }
.checks > li.fail { background: var(--fail-soft); }
@media (width >= 1000px) { .checks > li > div { display: grid; grid-template-columns: 250px 1fr; column-gap: 16px; }
  .checks > li > div > details { grid-column: 2; } }
.checks p, .checks details { overflow-wrap: anywhere; max-width: 110ch; }
.badge { align-self: start; text-align: center; font-weight: 700; font-size: 12px; letter-spacing: 0.04em; color: var(--tone);
  background: var(--tone-soft); border: 1px solid var(--tone); border-radius: 6px; padding: 2px 8px; margin-top: 1px; }
details summary { cursor: pointer; color: var(--muted); font-size: 13px; width: fit-content; }
.checks details ul { padding: 4px 0 2px 20px; list-style: disc; font-size: 14px; }
main details { margin-top: 8px; }
.checks details { margin-top: 2px; }

.story { columns: 2; column-gap: 40px; }
@media (width < 900px) { .story { columns: 1; } }
.story li { display: grid; grid-template-columns: 40px 76px 1fr; align-items: baseline; gap: 4px; padding: 4px 6px; border-radius: 6px;
  break-inside: avoid; overflow-wrap: anywhere; }
.story li:target, .story li:hover { background: var(--sunken); }
.story li:target { box-shadow: inset 3px 0 var(--link); }
.story .when { color: var(--muted); font-variant-numeric: tabular-nums; }
.step-number { justify-self: start; min-width: 24px; text-align: center; font-size: 12px; font-weight: 600; padding: 0 7px;
  color: var(--surface); background: var(--ink); border-radius: 10px; text-decoration: none; }

.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 14px; margin-top: 6px; }
caption { text-align: left; color: var(--muted); font-size: 13px; padding: 4px 0 6px; }
th { text-align: left; font-weight: 600; color: var(--muted); font-size: 12px; border-bottom: 1px solid var(--line-strong); }
th, td { padding: 5px 14px 5px 0; vertical-align: top; }
td { border-bottom: 1px solid var(--line); overflow-wrap: break-word; } td.long { overflow-wrap: anywhere; }
td.who { min-width: 84px; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.elections td { white-space: nowrap; vertical-align: middle; }
.wide { width: 42%; padding-right: 0; }
.wide svg { display: block; }
.figures { display: flex; flex-wrap: wrap; gap: 4px 28px; margin-bottom: 4px; }
.history + .history { margin-top: 28px; }
.explained { font-size: 16px; margin: 2px 0 12px; max-width: 100ch; overflow-wrap: anywhere; }
#bad-history { border: 1px solid var(--fail); scroll-margin-top: 16px; border-radius: 12px; padding: 18px 22px; background: var(--surface); }
#bad-history.unknown { border-color: var(--doubt); }
footer { margin-top: 48px; padding-top: 14px; border-top: 1px solid var(--line); color: var(--muted); font-size: 13px; }
`;

const printStyles = `
@page { margin: 12mm; }
@media print {
  body { font-size: 12px; background: #fff; }
  main { padding: 0; max-width: none; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  .scripted, #tip, .cross, .legend input { display: none !important; }
  table, .checks details ul, code { font-size: 11px; } h2 { font-size: 17px; } .explained, h3 { font-size: 13px; }
  .legend, .caption, caption, details summary { font-size: 11px; }
  section { margin-top: 24px; }
  h2, h3 { break-after: avoid; }
  .verdict, .tiles, .checks > li, .frame, .chart, .legend, tr, .story li, .history .frame { break-inside: avoid; }
  thead { display: table-header-group; }
  .view, .scroll { overflow: visible; }
  .stretch { width: 100% !important; }
  details::details-content { content-visibility: visible; height: auto; }
  a { color: inherit; text-decoration: none; }
  .elections td, .elections th { padding-right: 8px; }
}
`;

/** Styles of everything inside the drawings. */
function chartStyles(): string {
  return `${fixedStyles}\n${widthStyles()}\n${termStyles()}`;
}

/** A plot shows what fits into it: see `plotWidthsPx`. */
function widthStyles(): string {
  return plotWidthsPx
    .map((width, index) => {
      // The narrowest also stands for everything below it.
      const need =
        index === 0 ? '' : `@container plot (width < ${width}px) { .need-${width} { display: none; } }\n`;
      return `${need}@container plot (width >= ${width}px) { .upto-${width} { display: none; } }`;
    })
    .join('\n');
}

function termStyles(): string {
  return Array.from(
    { length: termColours },
    (_, term) => `.term-${term} { --term: var(--term-${term}); }`,
  ).join('\n');
}

const fixedStyles = `
.chart { margin-top: 26px; }
.chart > h3 { margin-bottom: 4px; }
.frame { display: grid; grid-template-columns: 132px minmax(0, 1fr); background: var(--surface); border: 1px solid var(--line);
  border-radius: 10px; padding: 12px 14px 6px; }
.view { overflow-x: auto; overflow-y: hidden; scrollbar-width: none; }
#timeline.zoomed .view { scrollbar-width: thin; padding-bottom: 4px; }
.stretch { position: relative; width: calc(100% * var(--zoom, 1)); container: plot / inline-size; }
svg { display: block; }
.plot { overflow: hidden; }
svg text { fill: var(--ink); font-size: 11px; }
svg .tick { fill: var(--muted); font-size: 11px; }
svg .lane-name { font-size: 13px; font-weight: 600; }
.grid { stroke: var(--grid); stroke-width: 1; shape-rendering: crispEdges; }
.grid.strong { stroke: var(--muted); stroke-dasharray: 4 3; }
.separator { stroke: var(--line-strong); stroke-width: 1; shape-rendering: crispEdges; }
.lane { fill: var(--sunken); }
.leader { fill: var(--term); }
svg .leader-label { fill: var(--on-term); font-weight: 600; }
.role { fill: none; stroke-width: 3; vector-effect: non-scaling-stroke; }
.follower { stroke: var(--term); }
.candidate { stroke: var(--ink); stroke-width: 12; stroke-dasharray: 2 2; }
.preCandidate { stroke: var(--muted); stroke-width: 8; stroke-dasharray: 1.5 3; }
.fault-crash { fill: url(#pattern-crash); } .fault-unreachable { fill: url(#pattern-unreachable); }
.fault-kill { fill: url(#pattern-kill); } .fault-pause { fill: url(#pattern-pause); }
.edge-crash, .band-crash { fill: var(--crash); } .edge-unreachable, .band-unreachable { fill: var(--unreachable); }
.edge-kill, .band-kill { fill: var(--kill); } .edge-pause, .band-pause { fill: var(--pause); }
.band-crash, .band-unreachable, .band-kill, .band-pause { fill-opacity: 0.13; }
.band-none { fill: url(#pattern-none); }
svg .fault-label, svg .band-label { font-size: 11px; font-weight: 600; paint-order: stroke; stroke: var(--surface); stroke-width: 3px;
  stroke-opacity: 0.85; stroke-linejoin: round; }
.wait { fill: var(--fail); } .strip-none { fill: url(#pattern-none); stroke: var(--muted); stroke-width: 1; }
.step rect { fill: var(--ink); } svg .step text { fill: var(--surface); font-weight: 600; }
.step:hover rect, .step:focus-visible rect { fill: var(--link); }
.step-line { stroke: var(--ink); stroke-width: 1; stroke-dasharray: 2 3; opacity: 0.45; shape-rendering: crispEdges; pointer-events: none; }
.stretched, .stretched path { overflow: visible; }
.stretched path { vector-effect: non-scaling-stroke; }
.point, .rim, .core, .bar, .stroke, .updates-line, .reads-line { fill: none; }
.ok { --tone: var(--ok); } .refused { --tone: var(--refused); } .fault { --tone: var(--fault); } .unknown { --tone: var(--unknown); }
.point { stroke: var(--tone); stroke-width: 3.5; stroke-linecap: round; }
.point.one { opacity: 0.45; } .point.few { opacity: 0.7; }
.bar { stroke: var(--tone); stroke-width: 3; opacity: 0.75; }
.stroke { stroke: var(--tone); stroke-width: 2; }
.rim { stroke: var(--tone); stroke-width: 7; } .core { stroke: var(--surface); stroke-width: 3; }
.rim.unknown, .core.unknown { stroke-linecap: round; } .rim.refused, .core.refused { stroke-linecap: square; }
.rim.unknown { stroke-width: 8; } .core.unknown { stroke-width: 4; } .rim.refused { stroke-width: 6.5; } .core.refused { stroke-width: 2.5; }
.swatch { fill: none; stroke: var(--tone); stroke-width: 2; }
.updates-area { fill: var(--ok); fill-opacity: 0.25; }
.updates-line { stroke: var(--ok); stroke-width: 1.75; } .reads-line { stroke: var(--reads); stroke-width: 1.75; stroke-dasharray: 5 2; }
.took { fill: var(--ok); } .took.late { fill: var(--fail); } .limit { stroke: var(--ink); stroke-width: 1.5; stroke-dasharray: 3 2; }
.interval { fill: var(--tone); fill-opacity: 0.4; } .interval-end { fill: var(--tone); }
.interval.open { fill-opacity: 0.18; stroke: var(--tone); stroke-dasharray: 4 3; }
.guide { stroke: var(--muted); stroke-width: 1; stroke-dasharray: 1 3; }
svg .call { font-size: 12px; font-weight: 600; paint-order: stroke; stroke: var(--surface); stroke-width: 3px; stroke-linejoin: round; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 20px; margin: 6px 0; font-size: 13px; color: var(--muted); }
.legend li, .legend label { display: inline-flex; align-items: center; gap: 6px; }
.legend b { color: var(--ink); }
.legend input { margin: 0; accent-color: var(--link); }
.chart:has(#show-ok:not(:checked)) .ops-ok, .chart:has(#show-refused:not(:checked)) .ops-refused,
.chart:has(#show-files:not(:checked)) .ops-files, .chart:has(#show-keys:not(:checked)) .ops-keys,
.chart:has(#show-fault:not(:checked)) .ops-fault, .chart:has(#show-unknown:not(:checked)) .ops-unknown { display: none; }
.cross { position: absolute; top: 0; bottom: 0; width: 1px; background: var(--link); pointer-events: none; display: none; }
#tip { position: fixed; z-index: 9; max-width: 420px; padding: 7px 11px; border-radius: 7px; background: var(--ink); color: var(--surface);
  font-size: 13px; line-height: 1.4; white-space: pre-line; overflow-wrap: anywhere; pointer-events: none; display: none; }
.tools { display: flex; flex-wrap: wrap; gap: 6px; align-items: center; color: var(--muted); font-size: 13px; }
.js .tools.scripted { display: flex; }
`;

/** Patterns of the faults: what tells them apart without colours. Once in the page. */
export const patterns: Markup = markup`<svg width="0" height="0" style="position:absolute" aria-hidden="true"><defs>
<pattern id="pattern-crash" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="7" height="7" style="fill:var(--crash);fill-opacity:.16"/><rect width="2" height="7" style="fill:var(--crash);fill-opacity:.45"/></pattern>
<pattern id="pattern-unreachable" width="8" height="8" patternUnits="userSpaceOnUse"><rect width="8" height="8" style="fill:var(--unreachable);fill-opacity:.16"/><circle cx="2" cy="2" r="1.3" style="fill:var(--unreachable);fill-opacity:.8"/><circle cx="6" cy="6" r="1.3" style="fill:var(--unreachable);fill-opacity:.8"/></pattern>
<pattern id="pattern-kill" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="7" height="7" style="fill:var(--kill);fill-opacity:.22"/><rect width="1.5" height="7" style="fill:var(--kill);fill-opacity:.6"/><rect width="7" height="1.5" style="fill:var(--kill);fill-opacity:.6"/></pattern>
<pattern id="pattern-pause" width="6" height="6" patternUnits="userSpaceOnUse"><rect width="6" height="6" style="fill:var(--pause);fill-opacity:.14"/><rect width="2" height="6" style="fill:var(--pause);fill-opacity:.4"/></pattern>
<pattern id="pattern-none" width="9" height="9" patternUnits="userSpaceOnUse" patternTransform="rotate(-45)"><rect width="1.5" height="9" style="fill:var(--muted);fill-opacity:.3"/></pattern>
</defs></svg>`;

const light = `
  --ground: #f5f6f8; --surface: #ffffff; --sunken: #eceff3; --ink: #17202c; --muted: #566273;
  --line: #dde2e9; --line-strong: #b9c2ce; --grid: #d3d9e2; --link: #1f5fb4;
  --pass: #0a6b45; --pass-soft: #e4f4ec; --fail: #b3261e; --fail-soft: #fdecea; --doubt: #805300; --doubt-soft: #fdf3dc;
  --ok: #2166b0; --refused: #5d6a7b; --fault: #c8400f; --unknown: #8a2da5; --reads: #b36b00;
  --crash: #c2343c; --unreachable: #b07800; --kill: #3c4552; --pause: #4b50c9;
  --on-term: #ffffff; --term-0: #2166b0; --term-1: #9a5b00; --term-2: #0b7568; --term-3: #a83a78; --term-4: #5b6b00;
  --term-5: #6b48b8;`;

const dark = `
  --ground: #0f141b; --surface: #171e27; --sunken: #212a36; --ink: #e7ecf3; --muted: #9ba8b9;
  --line: #2a3441; --line-strong: #455264; --grid: #2e3947; --link: #7fb6f5;
  --pass: #56d39b; --pass-soft: #10281f; --fail: #ff8a80; --fail-soft: #331a1b; --doubt: #f0bf57; --doubt-soft: #2e2513;
  --ok: #64adf2; --refused: #a7b4c5; --fault: #ff8d5c; --unknown: #dc9cf2; --reads: #f0b04f;
  --crash: #f0626a; --unreachable: #e3ac3b; --kill: #a9b3c1; --pause: #8d92ff;
  --on-term: #10161e; --term-0: #72b3f2; --term-1: #e8b054; --term-2: #53cbb9; --term-3: #f093c3; --term-4: #b9cb5c;
  --term-5: #b79df5;`;

/**
 * Blue, orange and purple stay apart for every common colour blindness; green and red only say pass and fail, always
 * next to the word. Paper is light.
 */
export const colours = `
:root {${light}
}
@media (prefers-color-scheme: dark) { :root {${dark}
} }
@media print { :root { color-scheme: light;${light}
} }
`;

/** How many colours the terms go through before they begin again: their numbers are always written too. */
export const termColours = 6;

export type TermClass = (term: number) => string;

export function colourClass(place: number): string {
  return `term-${place % termColours}`;
}

/**
 * The style of each term. Colours go by the place among the terms that had a leader, so that neighbours differ even
 * where elections failed between them; a term without one looks as the one before.
 */
export function termClasses({ elections, samples }: RunRecord): TermClass {
  const led = new Set<number>(elections.map(({ term }) => term));
  for (const { role, term } of samples) if (role === 'leader') led.add(term);
  const terms = [...led].sort((one, other) => one - other);
  const places = new Map(terms.map((term, place) => [term, place]));
  return (term) =>
    colourClass(
      places.get(term) ??
        Math.max(
          0,
          terms.findLastIndex((known) => known < term),
        ),
    );
}
