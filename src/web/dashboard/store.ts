import { computed, signal } from '@preact/signals';
import type { ClusterSample, Hello, Point, ServerView, HealthVerdict } from '../../dashboard/sample.js';
import { openStream, type StreamState } from './stream.js';
import { roleOf } from './roles.js';

/** Most samples that the charts show; the server keeps as many. */
const POINTS_MAX = 300;

/** The newest that the server has told; null before its first word. */
export const sample = signal<ClusterSample | null>(null);
export const points = signal<readonly Point[]>([]);
export const stream = signal<StreamState>({ kind: 'connecting' });
/** The outcome of the last button; null: none was pressed. */
export const outcome = signal<{ readonly text: string; readonly isError: boolean } | null>(null);
/** The servers whose button waits for its answer. */
export const busy = signal<ReadonlySet<number>>(new Set());

export const servers = computed<readonly ServerView[]>(() => sample.value?.servers ?? []);

/** The first line of the page: the word of the server, or that it has none. */
export const verdict = computed<HealthVerdict>(() => {
  const { value: state } = stream;
  const told = sample.value;
  const server = told === null ? 'this server' : `server ${told.self}`;
  if (state.kind === 'lost')
    return {
      level: 'down',
      headline: `no word from ${server}`,
      next: 'look from another server; this page goes on trying',
      notes: [`${server} ${state.reason}; what is shown below is the last that it told`],
    };
  if (told === null) return { level: 'unknown', headline: 'asking the server ...', next: null, notes: [] };
  return told.verdict;
});

/** Whether the hooks exist on all servers that have told of themselves. */
export const hasHooks = computed(() => {
  const told = servers.value.flatMap(({ sample: one }) => one ?? []);
  return told.length > 0 && told.every(({ chaosHooks }) => chaosHooks);
});

/** The server that leads, as far as the samples tell: of several, the one with the highest term. */
export const leader = computed(() => {
  const leading = servers.value.filter((view) => roleOf(view) === 'leader');
  return leading.sort((a, b) => (b.sample?.term ?? 0) - (a.sample?.term ?? 0))[0] ?? null;
});

/** Opens the stream, for good. */
export function follow(): void {
  openStream(new URL('events', location.href), {
    state: (state) => (stream.value = state),
    hello: (data) => (points.value = (data as Hello).points),
    sample: (data) => {
      const told = data as ClusterSample;
      sample.value = told;
      if (told.point !== null) points.value = [...points.value.slice(1 - POINTS_MAX), told.point];
    },
  });
}
