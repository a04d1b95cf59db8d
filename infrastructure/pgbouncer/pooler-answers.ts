import { connect } from 'node:net';
import { join } from 'node:path';
import type { Endpoint } from '../../application/ports/data-apis.ts';

/** PostgreSQL's SSLRequest: whoever speaks its protocol answers it with a byte, to anybody, before any log-in */
const QUESTION = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);
const WITHIN_MS = 3_000;

/** Whether anybody answers there as a pooler does. @param host a folder is that of a unix socket */
export function poolerAnswers({ host, port }: Endpoint, withinMs = WITHIN_MS): Promise<boolean> {
  const socket = host.startsWith('/') ? connect(join(host, `.s.PGSQL.${port}`)) : connect(port, host);
  const { promise, resolve } = Promise.withResolvers<boolean>();
  socket.setTimeout(withinMs, () => socket.destroy());
  socket.on('error', () => {});
  socket.once('data', () => {
    resolve(true);
    socket.destroy();
  });
  socket.once('close', () => resolve(false));
  socket.write(QUESTION);
  return promise;
}
