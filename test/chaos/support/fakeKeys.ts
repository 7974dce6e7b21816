import type { IncomingMessage, ServerResponse } from 'node:http';

/** Where answers get lost, so many writes are done until it happens again. */
const LOST_EVERY = 2;

interface Change {
  readonly type: 'PUT' | 'APPEND';
  readonly value: string | readonly string[];
}

/** Lists under keys as all servers of a made-up cluster give them. */
export class FakeKeys {
  private readonly lists = new Map<string, string[]>();
  private readonly lastDone = new Map<string, string>();
  private writes = 0;
  private sessions = 0;

  /** @param remembersRequests whether a write that comes again is known and not done again */
  constructor(private readonly remembersRequests: boolean) {}

  /** @param losesAnswers whether this server loses answers, so that clients send their writes again */
  async handle(request: IncomingMessage, response: ServerResponse, losesAnswers: boolean): Promise<void> {
    const [path = ''] = (request.url ?? '').split('?');
    if (path === '/sessions') {
      this.sessions += 1;
      response.writeHead(201).end(JSON.stringify({ clientId: String(this.sessions) }));
      return;
    }
    const key = decodeURIComponent(path.slice('/keys/'.length));
    if (request.method === 'GET') {
      const list = this.lists.get(key);
      response.writeHead(list === undefined ? 404 : 200).end(JSON.stringify(list ?? 'none'));
      return;
    }
    let body = '';
    for await (const part of request.setEncoding('utf8')) body += String(part);
    if (this.isNew(String(request.headers['idempotency-key']))) this.change(key, JSON.parse(body) as Change);
    if (losesAnswers) this.writes += 1;
    if (losesAnswers && this.writes % LOST_EVERY === 0) response.destroy();
    else response.writeHead(204).end();
  }

  private isNew(name: string): boolean {
    const [client = '', number = ''] = name.split(';');
    const isNew = this.lastDone.get(client) !== number;
    this.lastDone.set(client, number);
    return isNew || !this.remembersRequests;
  }

  private change(key: string, { type, value }: Change): void {
    const list = type === 'APPEND' ? (this.lists.get(key) ?? []) : [];
    this.lists.set(key, [...list, ...[value].flat()]);
  }
}
