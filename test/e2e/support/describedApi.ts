import { OpenAPIBackend, type Document, type Operation } from 'openapi-backend';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

/** A server's answer. */
export interface ApiAnswer {
  readonly status: number;
  /** Without its parameters; undefined when there was no body. */
  readonly contentType: string | undefined;
  readonly text: string;
  readonly headers: Headers;
  /** The body as JSON. */
  json(): unknown;
}

export interface ApiRequest {
  readonly headers?: Readonly<Record<string, string>>;
  /** A value is sent as JSON, a text as it is. */
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

/** Asks servers over HTTP and holds each answer against docs/openapi.yaml. */
export class DescribedApi {
  private constructor(private readonly backend: OpenAPIBackend) {}

  static async load(): Promise<DescribedApi> {
    const file = join(import.meta.dirname, '..', '..', '..', 'docs', 'openapi.yaml');
    const definition = parse(readFileSync(file, 'utf8')) as Document;
    const backend = new OpenAPIBackend({ definition, strict: true, ajvOpts: { strict: false } });
    await backend.init();
    return new DescribedApi(backend);
  }

  /** @throws Error when the answer is not one that the description allows */
  async ask(port: number, method: string, path: string, request: ApiRequest = {}): Promise<ApiAnswer> {
    const answer = await ask(port, method, path, request);
    this.check(method, path, answer);
    return answer;
  }

  /** The operations that are described, as `get /keys/{key}`. */
  get operations(): string[] {
    return this.backend.getOperations().map(({ method, path }) => `${method} ${path}`);
  }

  private check(method: string, path: string, answer: ApiAnswer): void {
    const problem = (what: string): Error =>
      new Error(`${method} ${path} -> ${answer.status} ${answer.text}: ${what}`);
    const operation = this.backend.matchOperation({ method, path, headers: {} });
    const response = responseOf(operation, answer.status);
    if (response === undefined) throw problem('this status is not described');
    const types = Object.keys(response.content ?? {});
    if (types.length === 0 && answer.text !== '') throw problem('a body is not described');
    if (types.length > 0 && !types.includes(answer.contentType ?? ''))
      throw problem(`the content type ${answer.contentType} is not described`);
    if (answer.contentType !== 'application/json' || operation === undefined) return;
    const { errors } = this.backend.validateResponse(answer.json(), operation, answer.status);
    if (errors !== null && errors !== undefined && errors.length > 0) throw problem(JSON.stringify(errors));
  }
}

/** As `DescribedApi.ask`, for what is not described: wrong methods and paths. */
export async function ask(
  port: number,
  method: string,
  path: string,
  { headers, body, signal }: ApiRequest = {},
): Promise<ApiAnswer> {
  const response = await fetch(`http://localhost:${port}${path}`, {
    method,
    headers: { 'Content-Type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal }),
  });
  const text = await response.text();
  return {
    status: response.status,
    contentType: response.headers.get('content-type')?.split(';', 1)[0],
    text,
    headers: response.headers,
    json: () => JSON.parse(text) as unknown,
  };
}

/** References are resolved when the description is loaded. */
function responseOf(
  operation: Operation | undefined,
  status: number,
): { readonly content?: Readonly<Record<string, unknown>> } | undefined {
  const responses = operation?.responses as Readonly<Record<string, object>> | undefined;
  return responses?.[String(status)];
}
