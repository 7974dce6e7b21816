/** The styles that the report of a submission and the overview of a course share; the colours are the chaos report's. */
export const gradeStyles = `
* { box-sizing: border-box; }
html { color-scheme: light dark; }
body { margin: 0; background: var(--ground); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif; }
main { max-width: 1280px; margin: 0 auto; padding: 20px 24px 48px; }
section { margin-top: 36px; }
h1, h2, h3, p, dl, dd { margin: 0; }
h1 { font-size: 24px; line-height: 1.25; overflow-wrap: anywhere; }
h2 { font-size: 20px; line-height: 1.3; margin-bottom: 12px; }
h2 small, h3 small { color: var(--muted); font-weight: 400; font-size: 14px; margin-left: 6px; }
h3 { font-size: 16px; line-height: 1.4; }
a { color: var(--link); }
code, pre { font: 13px/1.5 ui-monospace, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace; overflow-wrap: anywhere; }
pre { background: var(--sunken); border: 1px solid var(--line); border-radius: 6px; padding: 10px 14px; margin: 6px 0 0;
  white-space: pre-wrap; }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; border-radius: 3px; }
.score { display: flex; gap: 28px; align-items: center; padding: 18px 24px; border-radius: 12px; border: 1px solid var(--tone);
  background: var(--tone-soft); }
.score.pass, .badge.pass { --tone: var(--pass); --tone-soft: var(--pass-soft); }
.score.fail, .badge.fail { --tone: var(--fail); --tone-soft: var(--fail-soft); }
.badge.notReached { --tone: var(--doubt); --tone-soft: var(--doubt-soft); }
.badge.notMeasured { --tone: var(--muted); --tone-soft: var(--sunken); }
.points { flex: none; color: var(--tone); white-space: nowrap; }
.points strong { font-size: 54px; line-height: 1; font-variant-numeric: tabular-nums; }
.points span { font-size: 18px; }
.bars { display: flex; flex-wrap: wrap; gap: 4px 28px; margin-top: 6px; }
.part { white-space: nowrap; }
meter { width: 120px; height: 12px; vertical-align: -1px; }
.tally { color: var(--muted); margin-top: 4px; }
.note { font-weight: 600; margin-top: 4px; }
.run { display: flex; flex-wrap: wrap; gap: 10px 32px; padding: 14px 4px 0; }
.run dt { color: var(--muted); font-size: 12px; }
article { background: var(--surface); border: 1px solid var(--line); border-left: 4px solid var(--fail); border-radius: 8px;
  padding: 14px 18px; margin-bottom: 14px; scroll-margin-top: 12px; }
article:target { box-shadow: 0 0 0 2px var(--link); }
.seen { margin: 6px 0 8px; font-size: 16px; overflow-wrap: anywhere; }
.source { color: var(--muted); font-size: 13px; margin-top: 10px; }
.remark { color: var(--doubt); font-size: 14px; }
details { margin-top: 6px; }
details summary { cursor: pointer; color: var(--muted); font-size: 13px; width: fit-content; }
.more { margin-top: 18px; font-size: 16px; }
.badge { display: inline-block; font-weight: 700; font-size: 12px; letter-spacing: 0.03em; color: var(--tone);
  background: var(--tone-soft); border: 1px solid var(--tone); border-radius: 6px; padding: 1px 8px; white-space: nowrap; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 14px; background: var(--surface); border: 1px solid var(--line); border-radius: 8px; }
th { text-align: left; font-weight: 600; color: var(--muted); font-size: 12px; border-bottom: 1px solid var(--line-strong); }
th, td { padding: 6px 14px; vertical-align: top; }
tr + tr td { border-top: 1px solid var(--line); }
td { overflow-wrap: anywhere; }
td.title { min-width: 260px; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
tr.fail td { background: var(--fail-soft); }
footer { margin-top: 40px; padding-top: 14px; border-top: 1px solid var(--line); color: var(--muted); font-size: 13px; }
@media (width < 760px) { .score { flex-direction: column; align-items: start; gap: 10px; } main { padding: 12px; }
  th, td { padding: 5px 8px; } td.title { min-width: 140px; } }
@media print { body { background: #fff; font-size: 12px; } article, tr { break-inside: avoid; } }
`;
