import { chartStyles } from './chartStyles.js';
import { colours } from './colours.js';

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
