/** A generator of load: so many connections, each of which asks again when it has its answer. */
import { Agent, request } from 'node:http';

export interface Load {
  readonly perSecond: number;
  /** of each answer, in ms */
  readonly times: readonly number[];
}

/** @param connections what each of them has @param ask what it does again and again; it throws when the answer is not what it should be */
export async function keepAsking<T>(
  connections: readonly T[],
  seconds: number,
  ask: (connection: T) => Promise<unknown>,
): Promise<Load> {
  const times: number[] = [];
  const from = performance.now();
  const until = from + seconds * 1_000;
  const one = async (connection: T) => {
    for (let at = performance.now(); at < until;) {
      await ask(connection);
      const now = performance.now();
      times.push(now - at);
      at = now;
    }
  };
  await Promise.all(connections.map(one));
  return { perSecond: times.length / ((performance.now() - from) / 1_000), times };
}

const agent = new Agent({ keepAlive: true });

export interface Asked {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

export interface Answered<T> {
  readonly status: number;
  readonly body: T;
}

/** `fetch` would cost as much as what is measured. */
export function ask<T>(url: string, { method, headers, body }: Asked): Promise<Answered<T>> {
  const text = body === undefined ? undefined : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      {
        method,
        agent,
        headers: {
          ...headers,
          ...(text !== undefined && {
            'content-type': 'application/json',
            'content-length': Buffer.byteLength(text),
          }),
        },
      },
      (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('error', reject);
        response.on('end', () => {
          const answer = Buffer.concat(parts).toString();
          try {
            resolve({ status: response.statusCode ?? 0, body: JSON.parse(answer) as T });
          } catch {
            reject(new Error(`${response.statusCode} from ${url}: ${answer.slice(0, 300)}`));
          }
        });
      },
    );
    sent.on('error', reject);
    sent.end(text);
  });
}

/** @throws it is not 200 */
export async function answerOf<T>(url: string, asked: Asked): Promise<T> {
  const { status, body } = await ask<T>(url, asked);
  if (status !== 200) throw new Error(`${status} from ${url}: ${JSON.stringify(body).slice(0, 300)}`);
  return body;
}
