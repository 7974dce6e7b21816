import { markup, type Markup } from './markup.js';
import { termColours } from './termColours.js';
import { plotWidthsPx } from './timeAxis.js';

/** Styles of everything inside the drawings. */
export function chartStyles(): string {
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
