import type { HttpCall } from '../http/httpCall.js';
import { servePage } from './pages.js';
import type { Route } from './surfaces.js';

/** The source of the numbers. */
export interface MetricsSource {
  readonly contentType: string;
  text(): Promise<string>;
}

/** `GET /metrics`, for monitors (docs/metrics.md); answers on a crashed server, too. */
export class MetricsPage implements Route {
  constructor(private readonly source: MetricsSource) {}

  matches(path: string): boolean {
    return path === '/metrics';
  }

  handle(call: HttpCall): void {
    if (!call.isRead) {
      call.text(405, 'Metrics are read with GET.', { Allow: 'GET, HEAD' });
      return;
    }
    const { contentType } = this.source;
    this.source.text().then(
      (body) => servePage(call, () => ({ status: 200, contentType, body })),
      (error: unknown) => {
        call.internalError(error);
        call.text(500, 'internal error: the metrics could not be collected');
      },
    );
  }
}
