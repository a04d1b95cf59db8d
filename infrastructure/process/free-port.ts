import { createServer } from 'node:net';
import { Refused } from '../../application/errors.ts';

/** handed out lately: a second caller must not get a port that the first one has not bound yet */
const recent: number[] = [];
const REMEMBERED = 256;

/** A TCP port on 127.0.0.1 that nobody listens on right now. Whoever binds it must be ready to ask again. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = await unusedPort();
    if (recent.includes(port)) continue;
    recent.push(port);
    if (recent.length > REMEMBERED) recent.shift();
    return port;
  }
}

const unusedPort = (): Promise<number> => bindOnce(0);

/** @throws {Refused} naming the variable that chooses another port */
export async function requireFreePort(port: number, variable: string): Promise<void> {
  await bindOnce(port).catch(() => {
    throw new Refused(
      `port ${port} is taken by another program. Set ${variable} to a free port, or stop that program.`,
    );
  });
}

/** Binds a port of 127.0.0.1 and gives it back. @returns the port: the system's choice when 0 was asked for */
async function bindOnce(port: number): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
