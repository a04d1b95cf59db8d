import type { IncomingMessage } from 'node:http';

const ABSOLUTE = /^https?:\/\/([^/?#@]+)([/?].*|)$/i;

/** RFC 9112 3.2.2: of `GET http://host/path` the host goes before the Host header. */
export function takeAbsoluteForm(request: IncomingMessage): void {
  // nearly all of them
  if (request.url?.startsWith('/')) return;
  const [, host, target] = ABSOLUTE.exec(request.url ?? '') ?? [];
  if (host === undefined || target === undefined) return;
  request.headers.host = host;
  request.url = target.startsWith('/') ? target : `/${target}`;
}
