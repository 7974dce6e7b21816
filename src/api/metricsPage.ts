import type { ServerReply, ServerRequest } from '../http/message.js';
import { HttpCall } from './httpCall.js';
import { servePage } from './pages.js';
import type { Route } from './surfaces.js';

/** Where the numbers come from. */
export interface MetricsSource {
  readonly contentType: string;
  text(): Promise<string>;
}

/** `GET /metrics`: what monitors collect (docs/metrics.md); answers on a crashed server, too. */
export class MetricsPage implements Route {
  constructor(
    private readonly source: MetricsSource,
    private readonly onInternalError: (error: unknown) => void,
  ) {}

  matches(path: string): boolean {
    return path === '/metrics';
  }

  handle(request: ServerRequest, response: ServerReply): void {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      new HttpCall(request, response).text(405, 'Metrics are read with GET.', { Allow: 'GET, HEAD' });
      return;
    }
    const { contentType } = this.source;
    this.source.text().then(
      (body) => servePage(request, response, () => ({ status: 200, contentType, body })),
      (error: unknown) => {
        this.onInternalError(error);
        new HttpCall(request, response).text(500, 'internal error: the metrics could not be collected');
      },
    );
  }
}
