/** How much of the platform API a token of an operator's may have: less than all, so that a program run wild is no outage. */
import type { RateLimits } from '../../application/ports/rate-limits.ts';
import { Bound, type Release } from '../http/caller-bounds.ts';
import type { Endpoint } from '../http/endpoint.ts';
import type { OperatorCaller } from './operator-endpoint.ts';

const REQUESTS_AT_ONCE = 32;
const STREAMS_AT_ONCE = 16;

export class OperatorBounds {
  readonly #rates: RateLimits;
  readonly #requests = new Bound('requests of a token at once', REQUESTS_AT_ONCE);
  readonly #streams = new Bound('streams of a token at once', STREAMS_AT_ONCE);

  constructor(rates: RateLimits) {
    this.#rates = rates;
  }

  async enterAs({ known: { operator } }: OperatorCaller, { method }: Pick<Endpoint, 'method'>) {
    const { tokenId } = operator;
    const release = this.#requests.take(tokenId);
    try {
      await this.#rates.use('requests-by-operator', tokenId);
      if (method !== 'get') await this.#rates.use('changes-by-operator', tokenId);
    } catch (error) {
      release();
      throw error;
    }
    return release;
  }

  stream({ known: { operator } }: OperatorCaller): Release {
    return this.#streams.take(operator.tokenId);
  }
}
