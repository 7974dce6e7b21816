import type { ComponentChildren, JSX } from 'preact';
import { PEER_RPC_BUDGET, type ServerView } from '../../dashboard/sample.js';
import { ServerButtons } from './faults.js';
import { bytes, duration, rate, whole } from './format.js';
import { RoleMark } from './roleShape.js';
import { roleOf, roleWords } from './roles.js';
import { hasHooks, leader, sample, servers } from './store.js';
import { pageOf } from './verdictBanner.js';

const columns = [
  'Server',
  'Role',
  'Term, vote',
  'Last / committed / applied',
  'Behind',
  'Last contact',
  'Peer requests',
  'Data',
  'Version, up',
] as const;

/** All servers: how far each has got, when it was heard, what it receives, where it keeps its state. */
export function ServerTable(): JSX.Element {
  return (
    <section class="card wide" aria-labelledby="table-title">
      <h2 id="table-title">How each server is</h2>
      <div class="table" role="table" aria-labelledby="table-title">
        <div role="row" class="head">
          {columns.map((column) => (
            <span role="columnheader" key={column}>
              {column}
            </span>
          ))}
          {hasHooks.value && <span role="columnheader">Faults</span>}
        </div>
        {servers.value.map((view) => (
          <Row key={view.id} view={view} />
        ))}
      </div>
    </section>
  );
}

function Row({ view }: { readonly view: ServerView }): JSX.Element {
  const role = roleOf(view);
  const { sample: told } = view;
  const isSelf = view.id === sample.value?.self;
  const isOld = role === 'gone';
  return (
    <div role="row" class={isOld ? 'old' : ''}>
      <Cell name={columns[0]}>
        <strong class="server-id">{view.id}</strong>
        {isSelf ? <span class="here">{view.address}, here</span> : <a href={pageOf(view)}>{view.address}</a>}
      </Cell>
      <Cell name={columns[1]}>
        <span class={`role ${role}`}>
          <RoleMark role={role} /> {roleWords[role]}
        </span>
      </Cell>
      <Cell name={columns[2]}>{told === null ? '–' : termText(told)}</Cell>
      <Cell name={columns[3]}>
        {told === null
          ? '–'
          : `${whole(told.lastIndex)} / ${whole(told.commitIndex)} / ${whole(told.lastApplied)}`}
      </Cell>
      <Cell name={columns[4]}>{behindText(view)}</Cell>
      <Cell name={columns[5]}>{contactText(view)}</Cell>
      <Cell name={columns[6]}>
        <Budget perSecond={isOld ? null : (view.rates?.fromPeers ?? null)} />
      </Cell>
      <Cell name={columns[7]}>
        {told === null ? '–' : told.disk === null ? 'in memory' : diskText(told.disk)}
      </Cell>
      <Cell name={columns[8]}>
        {told === null ? '–' : `${told.version}, ${duration(told.uptimeSeconds * 1000)}`}
      </Cell>
      {hasHooks.value && (
        <Cell name="Faults">
          <ServerButtons view={view} />
        </Cell>
      )}
    </div>
  );
}

/** On a narrow screen each cell stands on a line of its own, behind its name. */
function Cell({
  name,
  children,
}: {
  readonly name: string;
  readonly children: ComponentChildren;
}): JSX.Element {
  return (
    <span role="cell" data-name={name}>
      <span class="cell-value">{children}</span>
    </span>
  );
}

type Told = NonNullable<ServerView['sample']>;

function termText({ term, votedFor }: Told): string {
  return votedFor === null ? `${term}, no vote` : `${term}, for ${votedFor}`;
}

function behindText({ lag, failure }: ServerView): string {
  if (lag === null || failure !== null) return '–';
  if (lag.entries === 0) return 'nothing';
  return `${whole(lag.entries)} (${duration(lag.seconds * 1000)})`;
}

/** The leader says when it last heard from a follower; where nobody leads, how old the follower's last word is. */
function contactText({ id, contactMs, ageMs, failure }: ServerView): string {
  if (leader.value?.id === id) return 'leads';
  if (contactMs !== null) return `${duration(contactMs)} ago`;
  if (failure !== null) return ageMs === null ? 'never' : `${duration(ageMs)} ago`;
  return '–';
}

function diskText({ directory, freeBytes }: NonNullable<Told['disk']>): JSX.Element {
  return (
    <span title={directory}>
      <span class="directory">{directory}</span> {freeBytes === null ? '' : `${bytes(freeBytes)} free`}
    </span>
  );
}

/** Requests of other servers per second beside what an idle server may receive. */
function Budget({ perSecond }: { readonly perSecond: number | null }): JSX.Element {
  if (perSecond === null) return <>–</>;
  const words = `${rate(perSecond)} per second; an idle server may receive about ${PEER_RPC_BUDGET}, and each write adds to it`;
  return (
    <span class="budget" title={words}>
      <meter min={0} max={PEER_RPC_BUDGET} value={Math.min(perSecond, PEER_RPC_BUDGET)} aria-label={words} />
      {`${rate(perSecond)}/s`}
    </span>
  );
}
