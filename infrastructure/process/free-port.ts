import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { Refused } from '../../application/errors.ts';

/** From above what people choose by hand to below what systems give to outgoing connections (Linux: from 32768). */
const RANGE = { from: 20_000, to: 32_000 };
/** handed out lately: a second caller must not get a port that the first one has not bound yet */
const recent: number[] = [];
const REMEMBERED = 256;

/**
 * A TCP port on 127.0.0.1 that nobody listens on right now and no outgoing connection will be given, so that it can
 * be bound again after a restart. Whoever binds it must be ready to ask again.
 * @param range `to` is not in it
 */
export async function freePort(range: Readonly<{ from: number; to: number }> = RANGE): Promise<number> {
  for (;;) {
    const port = randomInt(range.from, range.to);
    if (recent.includes(port)) continue;
    // at once: another who asks meanwhile must not try the same one
    recent.push(port);
    if (recent.length > REMEMBERED) recent.shift();
    const isFree = await bindOnce(port).then(
      () => true,
      () => false,
    );
    if (isFree) return port;
  }
}

/** @throws {Refused} naming the variable that chooses another port */
export async function requireFreePort(port: number, variable: string): Promise<void> {
  await bindOnce(port).catch(() => {
    throw new Refused(
      `port ${port} is taken by another program. Set ${variable} to a free port, or stop that program.`,
    );
  });
}

/** Binds a port of 127.0.0.1 and gives it back. */
async function bindOnce(port: number): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  await new Promise((resolve) => server.close(resolve));
}
