import type { LookupFunction } from 'node:net';
import type { StatusSource } from '../api/status.js';
import type { Route } from '../api/surfaces.js';
import { sendJson } from '../api/jsonCall.js';
import type { HttpCall } from '../http/httpCall.js';
import type { RaftNode } from '../node/raftNode.js';
import { ChaosRuns } from './chaosRuns.js';
import { Collector } from './collector.js';
import type { ElectionLog } from './electionLog.js';
import { FaultActions } from './faultActions.js';
import { LogTails, shownLog } from './logTails.js';
import { NameSearch, QUERY_CHARS_MAX, ROWS_MAX, TooBusyError, type NamedState } from './nameSearch.js';
import { OwnSample, type ReadingsSource } from './ownSample.js';
import { ownScripts, PageFiles } from './pageFiles.js';
import { PeerCaller } from './peerCaller.js';
import { faultActions, type FaultAction } from './sample.js';
import { Viewers } from './viewers.js';

const ROOT = '/ui/';
/** The build puts the page beside the program. */
const PAGE = new URL('../../web/ui/', import.meta.url);
const CHAOS_SECONDS_MAX = 600;
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
  /** The program of the chaos monkey. */
  readonly monkey: string;
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
  private readonly chaos: ChaosRuns;

  constructor(private readonly options: DashboardOptions) {
    const { source, node, lookup, failed } = options;
    this.files = new PageFiles(options.page ?? PAGE);
    this.own = new OwnSample(options);
    this.peers = new PeerCaller(source.servers, lookup);
    this.chaos = new ChaosRuns({
      monkey: options.monkey,
      servers: source.servers,
      changed: () => this.collector.poke(),
    });
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
      chaos: () => this.chaos.sample,
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
    this.chaos.close();
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
    const [, run] = /^chaos\/([a-z-]+)$/.exec(path) ?? [];
    if (run !== undefined) return this.unleash(call, run);
    const file = path === '' ? 'index.html' : path;
    if (!['events', 'names', 'logs', 'chaos', 'chaos.html'].includes(path) && !this.files.has(file)) {
      call.text(404, 'There is no such part of the dashboard; the page is at /ui/.');
      return undefined;
    }
    if (!call.isRead) {
      call.text(405, 'The dashboard is read with GET.', { Allow: 'GET, HEAD' });
      return undefined;
    }
    if (path === 'names') return this.sendNames(call);
    if (path === 'logs') return this.sendLogs(call);
    if (path === 'chaos') return this.chaos.scenarios().then((scenarios) => sendJson(call, 200, scenarios));
    if (path === 'chaos.html') return this.sendReport(call);
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
    const query = queryOf(call);
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
    else if (this.isFromButton(call)) {
      const { isDone, text, changed } = await this.actions.run(action, server);
      this.collector.hurry(changed);
      call.text(isDone ? 200 : 502, text);
    }
  }

  /** Refuses whatever is not a button of this page, and all buttons where there are no hooks. */
  private isFromButton(call: HttpCall): boolean {
    if (call.request.method !== 'POST') call.text(405, 'A hook is called with POST.', { Allow: 'POST' });
    else if (call.request.headers.origin === undefined)
      call.text(403, 'The buttons of the dashboard are for its page: the request must have an Origin.');
    else if (!this.options.chaosHooks) call.text(403, NO_HOOKS);
    else return true;
    return false;
  }

  /** Lets the chaos monkey loose on the cluster, or calls it back with `stop`. */
  private async unleash(call: HttpCall, scenario: string): Promise<void> {
    const seconds = wholeNumber(queryOf(call).get('seconds'), 60, CHAOS_SECONDS_MAX);
    if (!this.isFromButton(call)) return;
    const isKnown = (await this.chaos.scenarios()).some(({ name }) => name === scenario);
    if (scenario === 'stop') {
      this.chaos.stop();
      call.text(200, 'the chaos monkey is called back: it mends what it broke, and judges what it saw');
    } else if (!isKnown) call.text(404, `There is no scenario ${scenario}.`);
    else if (seconds === undefined || seconds === 0)
      call.text(400, `seconds is a whole number from 1 to ${CHAOS_SECONDS_MAX}.`);
    else if (this.chaos.isRunning) call.text(409, 'the chaos monkey is at work already');
    else {
      this.chaos.start(scenario, seconds);
      call.text(200, `the chaos monkey is let loose: ${scenario}, ${seconds} s`);
    }
  }

  private async sendReport(call: HttpCall): Promise<void> {
    const report = await this.chaos.report();
    if (report === undefined)
      call.text(404, 'There is no report: no run of the chaos monkey has ended here.');
    else call.send(200, 'text/html; charset=utf-8', report, ownScripts(report));
  }
}

function queryOf(call: HttpCall): URLSearchParams {
  return new URLSearchParams(call.request.url?.split('?', 2)[1] ?? '');
}

function wholeNumber(text: string | null, byDefault: number, most: number): number | undefined {
  if (text === null) return byDefault;
  const value = /^\d{1,15}$/.test(text) ? Number(text) : NaN;
  return value <= most ? value : undefined;
}
