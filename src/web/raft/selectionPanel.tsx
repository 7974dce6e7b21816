import type { JSX } from 'preact';
import type { NodeId } from '../../raft/types.js';
import { linksOf, type Action, type OnLink } from './actions.js';
import { Button } from './controls.js';
import type { PageModel } from './model.js';
import { messageWords, type ServerPicture } from './view.js';

/** Something that can be done to what is selected, and its key. */
interface Choice {
  readonly label: string;
  readonly key: string;
  readonly actions: readonly Action[];
}

/** The choices for what is selected at this moment; the same for mouse, touch and keyboard. */
export function choicesFor(model: PageModel): Choice[] {
  const selection = model.selection.value;
  switch (selection?.kind) {
    case 'server': {
      const view = model.world.views()[selection.id];
      return view === undefined ? [] : [...onServer(view), ...onLinksOf(model, view.id)];
    }
    case 'link':
      return onLink(model, selection.from, selection.to);
    case 'message':
      return onMessage(model, selection.number);
    case undefined:
      return [];
  }
}

function onServer({ id: server, condition }: ServerPicture): Choice[] {
  const choice = (
    label: string,
    key: string,
    kind: 'request' | 'read' | 'stop' | 'start' | 'crash' | 'restore' | 'timeout' | 'pause' | 'resume',
  ): Choice => ({
    label,
    key,
    actions: [{ kind, server }],
  });
  const ask = [choice('Request', 'r', 'request'), choice('Read', 'g', 'read')];
  switch (condition) {
    case 'stopped':
      return [choice('Resume', 's', 'start'), ...ask];
    case 'crashed':
      return [...ask, choice('Stop', 's', 'stop'), choice('Restore', 'c', 'restore')];
    case 'halted':
      return [...ask, choice('Stop', 's', 'stop')];
    case 'paused':
      return [...ask, choice('Stop', 's', 'stop'), choice('Continue', 'p', 'resume')];
    case 'running':
      return [
        ...ask,
        choice('Stop', 's', 'stop'),
        choice('Pause it', 'p', 'pause'),
        choice('Crash', 'c', 'crash'),
        choice('Time out', 't', 'timeout'),
      ];
  }
}

function onLinksOf(model: PageModel, server: NodeId): Choice[] {
  const ids = model.world.views().map(({ id }) => id);
  if (ids.length === 1) return [];
  const links = linksOf('cut', server, ids) as readonly OnLink[];
  const isAllCut = links.every(({ from, to }) => model.world.isCut(from, to));
  const isAnyBroken = links.some(({ from, to }) => isBroken(model, from, to));
  return [
    ...(isAllCut ? [] : [{ label: 'Cut off', key: 'x', actions: links }]),
    ...(isAnyBroken ? [{ label: 'Heal its links', key: 'h', actions: linksOf('heal', server, ids) }] : []),
  ];
}

function isBroken({ world }: PageModel, from: NodeId, to: NodeId): boolean {
  return world.isCut(from, to) || world.isSlow(from, to) || world.isLossy(from, to);
}

function onLink(model: PageModel, a: NodeId, b: NodeId): Choice[] {
  const { world } = model;
  const both = (kind: OnLink['kind']): Action[] => [
    { kind, from: a, to: b },
    { kind, from: b, to: a },
  ];
  const ways = [[a, b] as const, [b, a] as const];
  const all = (holds: (from: NodeId, to: NodeId) => boolean): boolean =>
    ways.every(([from, to]) => holds(from, to));
  return [
    ...(all((from, to) => world.isCut(from, to)) ? [] : [{ label: 'Cut', key: 'x', actions: both('cut') }]),
    ...ways.map(([from, to], way): Choice => {
      const isCut = world.isCut(from, to);
      return {
        label: `${isCut ? 'Heal' : 'Cut'} ${from} → ${to}`,
        key: way === 0 ? '>' : '<',
        actions: [{ kind: isCut ? 'heal' : 'cut', from, to }],
      };
    }),
    ...(all((from, to) => world.isSlow(from, to))
      ? []
      : [{ label: 'Slow', key: 'w', actions: both('slow') }]),
    ...(all((from, to) => world.isLossy(from, to))
      ? []
      : [{ label: 'Lossy', key: 'l', actions: both('lossy') }]),
    ...(ways.some(([from, to]) => isBroken(model, from, to))
      ? [{ label: 'Heal', key: 'h', actions: both('heal') }]
      : []),
  ];
}

function onMessage(model: PageModel, number: number): Choice[] {
  const flight = model.world.flights.find((each) => each.number === number);
  if (flight === undefined) return [];
  const choice = (
    label: string,
    key: string,
    kind: 'drop' | 'hold' | 'release' | 'duplicate' | 'forward',
  ): Choice => ({
    label,
    key,
    actions: [{ kind, message: number }],
  });
  return [
    choice('Drop', 'd', 'drop'),
    flight.heldMs === null ? choice('Hold', 'h', 'hold') : choice('Release', 'h', 'release'),
    choice('Duplicate', 'u', 'duplicate'),
    choice('Deliver now', 'f', 'forward'),
  ];
}

/** Buttons for what is selected. */
export function SelectionPanel({ model }: { model: PageModel }): JSX.Element {
  const selection = model.selection.value;
  const views = model.world.views();
  if (selection === null) {
    return (
      <p class="selection empty">
        Choose a server, a link or a message in the picture; or press a server’s number, or <kbd>m</kbd> for a
        message. {views.length > 1 && 'Try to stop the leader.'}
      </p>
    );
  }
  return (
    <section class="selection" aria-label="What is selected">
      <h2>{titleOf(model)}</h2>
      {selection.kind === 'message' && <p class="about">{aboutMessage(model, selection.number)}</p>}
      <div class="buttons">
        {choicesFor(model).map(({ label, key, actions }) => (
          <Button key={label} label={label} hint={`key ${key}`} press={() => model.act(...actions)} />
        ))}
        {selection.kind === 'server' && views.length > 1 && (
          <LinkChoice model={model} server={selection.id} count={views.length} />
        )}
        {selection.kind === 'message' && (
          <Button label="Next" hint="key m" press={() => model.selectMessage()} />
        )}
      </div>
    </section>
  );
}

function titleOf(model: PageModel): string {
  const selection = model.selection.value;
  switch (selection?.kind) {
    case 'server':
      return `Server ${selection.id}`;
    case 'link':
      return `Link ${selection.from} – ${selection.to}`;
    case 'message':
      return `Message ${selection.number}`;
    case undefined:
      return '';
  }
}

function aboutMessage({ world }: PageModel, number: number): string {
  const flight = world.flights.find((each) => each.number === number);
  if (flight === undefined) return 'It is under way no more.';
  const { message, heldMs, isCopy } = flight;
  const what = messageWords(message).replace(/^the /, '');
  return `${isCopy ? 'Copy of the ' : ''}${what} from ${message.from} to ${message.to}, term ${message.term}${heldMs === null ? '' : ', held'}${detailOf(message)}`;
}

function detailOf(message: PageModel['world']['flights'][number]['message']): string {
  switch (message.type) {
    case 'appendEntries':
      return `: after entry ${message.prevLogIndex} of term ${message.prevLogTerm}, committed up to ${message.leaderCommit}`;
    case 'appendEntriesResponse':
      return message.success ? `: has up to ${message.matchIndex}` : ': no';
    case 'preVote':
    case 'requestVote':
      return `: its log ends with entry ${message.lastLogIndex} of term ${message.lastLogTerm}`;
    case 'preVoteResponse':
    case 'requestVoteResponse':
      return message.granted ? ': granted' : ': refused';
    case 'installSnapshot':
      return `: piece ${message.chunk + 1} of ${message.chunkCount}, up to entry ${message.last.index}`;
    case 'heartbeat':
      return `: committed up to ${message.commit.index}`;
    case 'heartbeatResponse':
    case 'installSnapshotResponse':
    case 'refusal':
      return '';
  }
}

function LinkChoice({
  model,
  server,
  count,
}: {
  model: PageModel;
  server: NodeId;
  count: number;
}): JSX.Element {
  const others = Array.from({ length: count }, (_, id) => id).filter((id) => id !== server);
  return (
    <label class="inline">
      Link to{' '}
      <select
        value=""
        onChange={(event) => {
          const other = Number(event.currentTarget.value);
          model.selection.value = {
            kind: 'link',
            from: Math.min(server, other),
            to: Math.max(server, other),
          };
        }}
      >
        <option value="" disabled>
          …
        </option>
        {others.map((other) => (
          <option key={other} value={other}>
            {other}
          </option>
        ))}
      </select>
    </label>
  );
}
