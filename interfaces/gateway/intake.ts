/**
 * The beginning of a body arrives here before a connection to its upstream is taken, so that a client who sends slowly
 * holds a connection of its own and nobody else's. Most bodies are whole by then; what is longer goes on as it comes.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { hasBody } from './headers.ts';
import type { GatewayLimits } from './limits.ts';
import { PROBLEMS, type GatewayProblem } from './problem.ts';
import { Shares } from '../http/shares.ts';

type Bounds = Pick<GatewayLimits, 'headBytes' | 'headMs' | 'headsBytes' | 'headsBytesPerAddress'>;

export class Intake {
  readonly #limits: Bounds;
  readonly #memory: Shares;

  constructor(limits: Bounds) {
    this.#limits = limits;
    this.#memory = new Shares(limits.headsBytes, limits.headsBytesPerAddress);
  }

  /**
   * Resolves when enough has come. It stays in the request, unread, and counted until the response closes.
   * @returns what is wrong with it; `gone`: nobody waits for an answer any more
   */
  begin(
    request: IncomingMessage,
    response: ServerResponse,
    client: string,
    bodyBytes: number,
  ): Promise<GatewayProblem | 'gone' | undefined> {
    if (!hasBody(request)) return Promise.resolve(undefined);
    const { promise, resolve } = Promise.withResolvers<GatewayProblem | 'gone' | undefined>();
    const { headMs } = this.#limits;
    // a stream holds no more of itself than this
    const enough = Math.min(this.#limits.headBytes, request.readableHighWaterMark);
    let counted = 0;
    const finish = (outcome: GatewayProblem | 'gone' | undefined) => {
      clearTimeout(late);
      request.off('readable', look);
      response.off('close', gone);
      resolve(outcome);
    };
    const look = () => {
      const bytes = request.readableLength;
      if (bytes > bodyBytes) return finish(PROBLEMS.bodyTooLarge(bodyBytes));
      const full = this.#memory.take(client, bytes - counted);
      if (full) return finish(full === 'each' ? PROBLEMS.tooManyBodies : PROBLEMS.tooManyBodiesOfAll);
      counted = bytes;
      if (request.complete || bytes >= enough) finish(undefined);
    };
    const gone = () => finish('gone');
    const late = setTimeout(() => finish(PROBLEMS.clientTooSlow), headMs);
    request.on('readable', look);
    response.once('close', gone).once('close', () => this.#memory.give(client, counted));
    if (response.destroyed) gone();
    return promise;
  }
}
