// `--serve-metrics PORT`: GET /metrics on 127.0.0.1, for Prometheus and whatever else reads OpenMetrics.
import type { AddressInfo } from 'node:net';
import { RingbedError } from '../errors/index.js';
import { contentType } from './open-metrics.js';

export interface MetricsServer {
  port: number;
  close(): void;
}

/** Serves what `text` says at each scrape. Port 0: any that is free. @throws RingbedError when it is taken */
export async function serveMetrics(port: number, text: () => string): Promise<MetricsServer> {
  const { createServer } = await import('node:http'); // 2 MiB that other runs need not have
  const server = createServer((request, response) => {
    const path = request.url?.split('?')[0];
    if (path !== '/metrics') {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('try /metrics\n');
    } else if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.writeHead(405, { allow: 'GET, HEAD' }).end();
    } else {
      response.writeHead(200, { 'content-type': contentType }).end(request.method === 'HEAD' ? '' : text());
    }
  });
  await new Promise<void>((done, failed) => {
    server.once('error', ({ code, message }: NodeJS.ErrnoException) =>
      failed(
        code === 'EADDRINUSE' || code === 'EACCES'
          ? new RingbedError(
              'unavailable',
              `cannot serve metrics on 127.0.0.1:${port}: ${code === 'EACCES' ? 'not permitted' : 'the port is taken'}`,
              'use another port, or 0 for any that is free',
            )
          : new RingbedError('unavailable', `cannot serve metrics: ${message}`),
      ),
    );
    server.listen(port, '127.0.0.1', done);
  });
  // The run decides how long the process lives.
  server.unref();
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
