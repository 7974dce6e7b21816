import type { LookupFunction } from 'node:net';
import type { StatusSource } from '../api/status.js';
import type { Route } from '../api/surfaces.js';
import { sendJson } from '../api/jsonCall.js';
import type { HttpCall } from '../http/httpCall.js';
import type { RaftNode } from '../node/raftNode.js';
import { Collector } from './collector.js';
import type { ElectionLog } from './electionLog.js';
import { FaultActions } from './faultActions.js';
import { LogTails, shownLog } from './logTails.js';
import { NameSearch, QUERY_CHARS_MAX, ROWS_MAX, TooBusyError, type NamedState } from './nameSearch.js';
import { OwnSample, type ReadingsSource } from './ownSample.js';
import { PageFiles } from './pageFiles.js';
import { PeerCaller } from './peerCaller.js';
import { faultActions, type FaultAction } from './sample.js';
import { Viewers } from './viewers.js';

const ROOT = '/ui/';
/** The build puts the page beside the program. */
const PAGE = new URL('../../web/ui/', import.meta.url);
const NO_HOOKS = 'This server runs with --no-chaos-hooks: nothing can be crashed or cut off from here.';

interface DashboardOptions {
  readonly source: StatusSource;
  readonly node: Pick<RaftNode<unknown>, 'crash' | 'restore' | 'makeUnreachableFrom' | 'status' | 'logTail'>;
  readonly state: NamedState;
  readonly metrics: ReadingsSource;
  readonly elections: ElectionLog;
  readonly leaderlessCalls: () => number;
  readonly dataDir: string | undefined;
  readonly chaosHooks: boolean;
  readonly lookup?: LookupFunction;
  /** Receives errors that no viewer is told of. */
  readonly failed: (error: unknown) => void;
  /** Where the built page is. @default beside the program */
  readonly page?: URL;
}

/**
 * The page at `/ui/` and what it asks for: a stream of samples at `events`, `names`, the `logs` of all servers, and the hooks at
 * `servers/ID/ACTION`. While no stream is open and nobody waits for logs, it does nothing.
 */
export class Dashboard implements Route {
  private readonly files: PageFiles;
  private readonly own: OwnSample;
  private readonly peers: PeerCaller;
  private readonly viewers: Viewers;
  private readonly collector: Collector;
  private readonly logs: LogTails;
  private readonly names: NameSearch;
  private readonly actions: FaultActions;

  constructor(private readonly options: DashboardOptions) {
    const { source, node, lookup, failed } = options;
    this.files = new PageFiles(options.page ?? PAGE);
    this.own = new OwnSample(options);
    this.peers = new PeerCaller(source.servers, lookup);
    this.logs = new LogTails({
      self: source.id,
      servers: source.servers.map(({ id }) => id),
      own: () => shownLog(node),
      ask: (server) => this.peers.logOf(server),
    });
    this.collector = new Collector({
      logs: this.logs,
      self: source.id,
      servers: source.servers,
      own: () => this.own.take(),
      ask: (server) => this.peers.sampleOf(server),
      publish: (sample) => this.viewers.send('sample', sample),
      viewers: () => this.viewers.size,
      failed,
    });
    this.viewers = new Viewers({
      changed: (viewers) => {
        if (viewers > 0) this.collector.start();
        else {
          this.restIfIdle();
          this.names.forget();
        }
      },
    });
    this.names = new NameSearch(options.state);
    this.actions = new FaultActions({
      self: source.id,
      servers: source.servers.map(({ id }) => id),
      node,
      peers: this.peers,
    });
  }

  /** This server's own sample, as JSON, for the dashboards of other servers. */
  async sampleText(): Promise<string> {
    return JSON.stringify(await this.own.take());
  }

  /** The end of this server's own log, as JSON, for the dashboards of other servers. */
  logTailText(): string {
    return JSON.stringify(shownLog(this.options.node));
  }

  /** To be called when the node's role, leader or lifecycle has changed. */
  readonly poke = (): void => this.collector.poke();

  matches(path: string): boolean {
    return path === '/ui' || path.startsWith(ROOT);
  }

  handle(call: HttpCall): void {
    const path = call.path.slice(ROOT.length);
    this.answer(call, path)?.catch((error: unknown) => {
      call.internalError(error);
      call.text(500, 'internal error: the server could not answer this request');
    });
  }

  close(): void {
    this.viewers.close();
    this.peers.close();
    this.own.close();
  }

  private answer(call: HttpCall, path: string): Promise<void> | undefined {
    if (call.path === '/ui') {
      call.text(308, 'The dashboard is at /ui/.', { Location: ROOT });
      return undefined;
    }
    const [, server, action] = /^servers\/(\d{1,3})\/([a-z]+)$/.exec(path) ?? [];
    if (server !== undefined && action !== undefined) return this.act(call, Number(server), action);
    const file = path === '' ? 'index.html' : path;
    if (!['events', 'names', 'logs'].includes(path) && !this.files.has(file)) {
      call.text(404, 'There is no such part of the dashboard; the page is at /ui/.');
      return undefined;
    }
    if (!call.isRead) {
      call.text(405, 'The dashboard is read with GET.', { Allow: 'GET, HEAD' });
      return undefined;
    }
    if (path === 'names') return this.sendNames(call);
    if (path === 'logs') return this.sendLogs(call);
    if (path !== 'events') return this.files.send(call, file);
    if (call.request.method === 'HEAD') call.send(200, 'text/event-stream', '');
    else this.viewers.add(call, 'hello', this.collector.hello());
    return undefined;
  }

  /** The collector asks for them, and works for this alone while nobody looks. */
  private async sendLogs(call: HttpCall): Promise<void> {
    const logs = this.logs.collect();
    this.collector.start();
    sendJson(call, 200, await logs);
    this.restIfIdle();
  }

  private restIfIdle(): void {
    if (this.viewers.size === 0 && !this.logs.isUnderWay) this.collector.stop();
  }

  private async sendNames(call: HttpCall): Promise<void> {
    const query = new URLSearchParams(call.request.url?.split('?', 2)[1] ?? '');
    const kind = query.get('kind') ?? 'files';
    const text = query.get('text') ?? '';
    const offset = wholeNumber(query.get('offset'), 0, Number.MAX_SAFE_INTEGER);
    const limit = wholeNumber(query.get('limit'), 100, ROWS_MAX);
    if ((kind !== 'files' && kind !== 'keys') || offset === undefined || limit === undefined) {
      call.text(400, `kind is files or keys, offset a whole number, limit at most ${ROWS_MAX}.`);
      return;
    }
    if (text.length > QUERY_CHARS_MAX) {
      call.text(400, `text may have ${QUERY_CHARS_MAX} characters.`);
      return;
    }
    try {
      sendJson(call, 200, await this.names.find({ kind, text, offset, limit }));
    } catch (error) {
      if (!(error instanceof TooBusyError)) throw error;
      call.text(503, `overloaded: ${error.message}`, { 'Retry-After': '1' });
    }
  }

  /** Only a page of this very server may do this: a browser says where a POST comes from, and the front refuses other sites. */
  private async act(call: HttpCall, server: number, name: string): Promise<void> {
    const action = faultActions.find((candidate): candidate is FaultAction => candidate === name);
    const isServer = this.options.source.servers.some(({ id }) => id === server);
    if (action === undefined || !isServer) call.text(404, `There is no ${name} of a server ${server}.`);
    else if (call.request.method !== 'POST') call.text(405, 'A hook is called with POST.', { Allow: 'POST' });
    else if (call.request.headers.origin === undefined)
      call.text(403, 'The buttons of the dashboard are for its page: the request must have an Origin.');
    else if (!this.options.chaosHooks) call.text(403, NO_HOOKS);
    else {
      const { isDone, text, changed } = await this.actions.run(action, server);
      this.collector.hurry(changed);
      call.text(isDone ? 200 : 502, text);
    }
  }
}

function wholeNumber(text: string | null, byDefault: number, most: number): number | undefined {
  if (text === null) return byDefault;
  const value = /^\d{1,15}$/.test(text) ? Number(text) : NaN;
  return value <= most ? value : undefined;
}
