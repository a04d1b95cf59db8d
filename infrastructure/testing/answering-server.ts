/** An HTTP server on this machine that answers what a test says, well or badly: an owner's, or whoever they name. */
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Asked {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export type Answering = (asked: Asked, res: ServerResponse) => void | Promise<void>;
export type Failing = 'hangs' | 'drips' | 'floods' | 'breaks';

export interface AnsweringServer {
  readonly url: string;
  /** whatever it was asked, the oldest first */
  readonly asked: Asked[];
  /** from now on */
  readonly answers: (how: Answering) => void;
  readonly close: () => Promise<void>;
}

export async function answeringServer(
  first: Answering = (_asked, res) => void res.end(),
): Promise<AnsweringServer> {
  let answering = first;
  const asked: Asked[] = [];
  const answer = async (req: IncomingMessage, res: ServerResponse) => {
    const chunks = (await req.toArray()) as Buffer[];
    const one = { headers: req.headers, body: Buffer.concat(chunks).toString() };
    asked.push(one);
    await answering(one, res);
  };
  const server = createServer((req, res) => void answer(req, res));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    answers: (how) => void (answering = how),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export const json =
  (body: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Answering =>
  (_asked, res) =>
    void res
      .writeHead(status, { 'content-type': 'application/json', ...headers })
      .end(typeof body === 'string' ? body : JSON.stringify(body));

export const failing: Readonly<Record<Failing, Answering>> = {
  hangs: () => {},
  drips: (_asked, res) => {
    res.writeHead(200, { 'content-type': 'application/json' });
    const drip = setInterval(() => res.write(' '), 10);
    res.on('close', () => clearInterval(drip));
  },
  floods: (_asked, res) => {
    res.writeHead(200, { 'content-type': 'application/json' }).end(`"${'x'.repeat(1024 * 1024)}"`);
  },
  breaks: (_asked, res) => {
    res.writeHead(200, { 'content-type': 'application/json', 'content-length': 100 }).write('{');
    setTimeout(() => res.destroy(), 20);
  },
};
