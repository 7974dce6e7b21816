import { computed, effect, signal } from '@preact/signals';
import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import type { NamePage, NameRow } from '../../dashboard/sample.js';
import { whole } from './format.js';
import { sample, servers, stream } from './store.js';

const ROW_HEIGHT = 32;
const VIEW_HEIGHT = 416;
/** Rows that are asked for together, and that stand ready above and below what is seen. */
const PART = 100;
const SPARE = 8;
/** A search begins when nothing was typed for so long. */
const TYPING_MS = 200;
/** While somebody looks at the list, it is asked for again after this long. */
const REFRESH_MS = 3_000;

const kind = signal<NamePage['kind']>('files');
const text = signal('');
const top = signal(0);
const counts = signal<Pick<NamePage, 'total' | 'matches' | 'isCut'> | null>(null);
const parts = signal<ReadonlyMap<number, readonly NameRow[]>>(new Map());
const problem = signal<string | null>(null);
/** Whether the list is on the screen. */
const isSeen = signal(false);
/** Which list the parts belong to: answers to earlier questions are thrown away. */
let list = 0;
const underway = new Set<number>();

/** The index of the last entry that this server has applied: files and keys may have changed with it. */
const applied = computed(
  () => servers.value.find(({ id }) => id === sample.value?.self)?.sample?.lastApplied ?? 0,
);

const firstSeen = computed(() => Math.floor(top.value / ROW_HEIGHT));
const seenParts = computed(() => {
  const from = Math.floor(Math.max(0, firstSeen.value - SPARE) / PART);
  const to = Math.floor((firstSeen.value + VIEW_HEIGHT / ROW_HEIGHT + SPARE) / PART);
  return from === to ? [from] : [from, to];
});

/** Asks for what is seen, and keeps it up to date. */
export function followNames(): void {
  let typing: ReturnType<typeof setTimeout> | undefined;
  let shownApplied = -1;
  let refreshedAt = 0;
  effect(() => {
    const wanted = { kind: kind.value, text: text.value };
    clearTimeout(typing);
    typing = setTimeout(
      () => {
        list += 1;
        underway.clear();
        parts.value = new Map();
        if (isSeen.peek()) for (const part of seenParts.peek()) void ask(part);
      },
      wanted.text === '' ? 0 : TYPING_MS,
    );
  });
  effect(() => {
    if (!isSeen.value) return;
    const known = parts.peek();
    for (const part of seenParts.value) if (!known.has(part)) void ask(part);
  });
  effect(() => {
    const hasChanged = applied.value !== shownApplied && stream.value.kind === 'open';
    // Each sample comes by here; it is the clock of the list.
    const now = sample.value === null ? 0 : performance.now();
    if (!isSeen.value || !hasChanged || now - refreshedAt < REFRESH_MS) return;
    shownApplied = applied.value;
    refreshedAt = now;
    for (const part of seenParts.peek()) void ask(part);
  });
}

async function ask(part: number): Promise<void> {
  if (underway.has(part)) return;
  const asked = list;
  underway.add(part);
  const query = new URLSearchParams({
    kind: kind.peek(),
    text: text.peek(),
    offset: String(part * PART),
    limit: String(PART),
  });
  try {
    const reply = await fetch(`names?${query.toString()}`);
    if (!reply.ok) throw new Error((await reply.text()).trim());
    const page = (await reply.json()) as NamePage;
    if (asked !== list) return;
    problem.value = null;
    counts.value = page;
    const kept = [...parts.peek()].filter(([other]) => seenParts.peek().includes(other));
    parts.value = new Map([...kept, [part, page.rows]]);
  } catch (error) {
    if (asked === list) problem.value = error instanceof Error ? error.message : String(error);
  } finally {
    if (asked === list) underway.delete(part);
  }
}

/** Files and keys of this server, searched there; only what is seen is ever fetched. */
export function Names(): JSX.Element {
  const scroller = useRef<HTMLDivElement>(null);
  const choose = (chosen: NamePage['kind']): void => {
    kind.value = chosen;
    backToTop(scroller.current);
  };
  return (
    <section class="card names" aria-labelledby="names-title" ref={watchSight}>
      <h2 id="names-title">Files and keys</h2>
      <div class="names-bar">
        <div class="tabs" role="group" aria-label="Which names">
          {(['files', 'keys'] as const).map((each) => (
            <button key={each} type="button" aria-pressed={kind.value === each} onClick={() => choose(each)}>
              {each}
            </button>
          ))}
        </div>
        <input
          type="search"
          placeholder="part of a name"
          aria-label="Part of a name"
          maxLength={200}
          value={text.value}
          onInput={({ currentTarget }) => {
            text.value = currentTarget.value;
            backToTop(scroller.current);
          }}
        />
        <span class="muted" role="status">
          {countText()}
        </span>
      </div>
      <div
        class="rows"
        role="table"
        aria-labelledby="names-title"
        aria-rowcount={counts.value?.matches ?? 0}
        tabIndex={0}
        ref={scroller}
        onScroll={({ currentTarget }) => (top.value = currentTarget.scrollTop)}
      >
        <Rows />
      </div>
    </section>
  );
}

function Rows(): JSX.Element {
  const matches = counts.value?.matches ?? 0;
  const from = Math.max(0, firstSeen.value - SPARE);
  const to = Math.min(matches, firstSeen.value + Math.ceil(VIEW_HEIGHT / ROW_HEIGHT) + SPARE);
  const known = parts.value;
  const shown = Array.from({ length: Math.max(0, to - from) }, (_, offset) => from + offset);
  return (
    <div class="all-rows" role="rowgroup" style={{ height: `${matches * ROW_HEIGHT}px` }}>
      {shown.map((row) => {
        const found = known.get(Math.floor(row / PART))?.[row % PART];
        return (
          <div
            key={row}
            role="row"
            class="name-row"
            aria-rowindex={row + 1}
            style={{ transform: `translateY(${row * ROW_HEIGHT}px)` }}
          >
            <span role="cell" class="name">
              {found?.name ?? '...'}
            </span>
            <span role="cell" class="version">
              {versionText(found)}
            </span>
            <span role="cell" class="what">
              {found?.text ?? ''}
            </span>
          </div>
        );
      })}
    </div>
  );
}

function versionText(row: NameRow | undefined): string {
  return row === undefined || row.version === null ? '' : `version ${row.version}`;
}

function countText(): string {
  if (problem.value !== null) return problem.value;
  if (counts.value === null) return '';
  const { total, matches, isCut } = counts.value;
  const self = sample.value === null ? '' : `, as server ${sample.value.self} has them`;
  if (isCut) return `more than ${whole(matches)} match: type more of the name`;
  return matches === total ? `${whole(total)}${self}` : `${whole(matches)} of ${whole(total)} match`;
}

function backToTop(element: HTMLElement | null): void {
  top.value = 0;
  element?.scrollTo({ top: 0 });
}

/** Rows that are not on the screen are not asked for. */
function watchSight(element: HTMLElement | null): (() => void) | undefined {
  if (element === null) return undefined;
  const observer = new IntersectionObserver(([entry]) => (isSeen.value = entry?.isIntersecting === true));
  observer.observe(element);
  return () => observer.disconnect();
}
