/** What the door does to answers of projects: PostgREST knows neither where it is nor that its database has died. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readable, Transform, Writable } from 'node:stream';
import type { Answer } from './answer.ts';
import {
  BY_ENCODING,
  isPackable,
  packedHeaders,
  packer,
  takesGzip,
  WORTH_PACKING_BYTES,
} from './encodings.ts';
import { valueOf } from './headers.ts';
import { isLostDatabase, isOutOfConnections, mayBeLost, TELLING_BYTES } from './lost-database.ts';
import { PROBLEMS, type GatewayProblem } from './problem.ts';
import { fromOutside, withAddress, type PublicAddress } from './public-address.ts';

export interface Answered {
  readonly request: IncomingMessage;
  readonly answer: Answer;
  readonly response: ServerResponse;
  readonly headers: string[];
  /** @returns false: the headers could not be sent, and something else was answered */
  readonly begin: (headers: string[]) => boolean;
  readonly settle: (problem: GatewayProblem) => void;
}

export interface Treatment {
  /** Whether the answer to this read tells too little: it is asked for once more. */
  isAskedAgain(request: IncomingMessage, answer: Answer): boolean;
  /** @returns the headers that it goes on with as it is; undefined: it has been taken over */
  treat(answered: Answered): string[] | undefined;
}

export class ProjectAnswers implements Treatment {
  readonly #address: PublicAddress;
  readonly #isRoot: boolean;

  constructor(address: PublicAddress, path: string) {
    this.#address = address;
    this.#isRoot = path === '/' || path.startsWith('/?');
  }

  /** A HEAD has no body to tell a lost database from a mistake of the client's. */
  isAskedAgain({ method }: IncomingMessage, { statusCode }: Answer): boolean {
    return method === 'HEAD' && statusCode === 400;
  }

  treat(original: Answered): string[] | undefined {
    const { request, answer } = original;
    const headers = fromOutside(original.headers, this.#address.prefix);
    if (answer.statusCode === 431) {
      original.settle(PROBLEMS.headersTooLarge);
      return undefined;
    }
    if (request.method !== 'HEAD' && mayBeLost(answer.statusCode)) {
      passUnlessLost({ ...original, headers });
      return undefined;
    }
    if (!isPackable(answer.statusCode, headers)) return headers;
    headers.push(...BY_ENCODING);
    const isDocument =
      this.#isRoot && valueOf(headers, 'content-type')?.startsWith('application/openapi+json');
    const isWanted = takesGzip(request.headers['accept-encoding']);
    if (request.method === 'HEAD' || !(isWanted || isDocument)) return headers;
    this.#transform({ ...original, headers }, isDocument ? [withAddress(this.#address)] : [], isWanted);
    return undefined;
  }

  #transform(answered: Answered, through: readonly Transform[], isWanted: boolean): void {
    const body = answered.answer.stream();
    peek(body, WORTH_PACKING_BYTES, (head, ended) => {
      const gzip = isWanted && head.length >= WORTH_PACKING_BYTES ? packer() : undefined;
      if (!answered.begin(gzip ? packedHeaders(answered.headers) : answered.headers)) gzip?.destroy();
      else send(answered, { head, ended, body }, gzip ? [...through, gzip] : through);
    });
  }
}

function passUnlessLost(answered: Answered): void {
  const { request, answer, settle } = answered;
  const body = answer.stream();
  peek(body, TELLING_BYTES, (head, ended) => {
    if (ended && isLostDatabase(head)) settle(PROBLEMS.upstreamLost(request.method !== 'GET'));
    else if (ended && isOutOfConnections(head)) settle(PROBLEMS.noFreeConnection);
    else if (ended && isTooLarge(answer, head)) settle(PROBLEMS.headersTooLarge);
    else if (answered.begin(answered.headers)) send(answered, { head, ended, body }, []);
  });
}

/** The way PostgREST's server says it: with what we add, a request may be larger there than here. */
const isTooLarge = (answer: Answer, body: Buffer): boolean =>
  answer.header('content-type')?.startsWith('text/plain') === true && body.toString() === 'Bad Request';

/** What was looked at of a body, whether that is all of it, and the rest. */
interface Peeked {
  readonly head: Buffer;
  readonly ended: boolean;
  readonly body: Readable;
}

/** @param through what the body goes through, in order */
function send({ response }: Answered, { head, ended, body }: Peeked, through: readonly Transform[]): void {
  const ways: readonly Writable[] = [...through, response];
  const [first = response] = ways;
  if (head.length > 0) first.write(head);
  if (ended) first.end();
  else body.pipe(first);
  for (const [at, transform] of through.entries()) transform.pipe(ways[at + 1] ?? response);
  response.once('close', () => {
    for (const transform of through) transform.destroy();
  });
}

/** The first bytes of a body: `enough` of them or more, or all when it ended before. */
function peek(answer: Readable, enough: number, then: (head: Buffer, ended: boolean) => void): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const finish = (ended: boolean) => {
    answer.off('data', onData).off('end', onEnd);
    then(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks), ended);
  };
  const onData = (chunk: Buffer) => {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes < enough) return;
    answer.pause();
    finish(false);
  };
  const onEnd = () => finish(true);
  answer.on('data', onData).once('end', onEnd);
}
