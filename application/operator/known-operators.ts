import {
  operatorTokensDecider,
  OPERATOR_TOKENS_STREAM,
  type OperatorSession,
  type OperatorToken,
  type OperatorTokenEvent,
  type OperatorTokens,
} from '../../domain/operator/operator-tokens.ts';
import { readOrEmpty, recorded } from '../handle.ts';
import type { EventStore } from '../ports/event-store.ts';
import { OPERATOR_TOKEN_PREFIX, type Tokens } from '../ports/tokens.ts';

const MOST_LENGTH = 100;

export interface KnownOperatorsDependencies {
  readonly store: EventStore;
  readonly tokens: Pick<Tokens, 'hash' | 'isSameHash'>;
}

/** Who may use the operator's API now: whoever asks reads what is new in the stream first, so nobody is known for longer than they may be. */
export class KnownOperators {
  readonly #dependencies: KnownOperatorsDependencies;
  #state: OperatorTokens = operatorTokensDecider.initial;
  /** the first revision that is not in the state */
  #next = 0;

  constructor(dependencies: KnownOperatorsDependencies) {
    this.#dependencies = dependencies;
  }

  /** @throws {Unavailable} */
  async now(): Promise<OperatorTokens> {
    const news = await readOrEmpty(this.#dependencies.store, OPERATOR_TOKENS_STREAM, { from: this.#next });
    for (const event of recorded<OperatorTokenEvent>(news)) {
      // somebody else may have taken it in meanwhile
      if (event.revision !== this.#next) continue;
      this.#state = operatorTokensDecider.evolve(this.#state, event);
      this.#next++;
    }
    return this.#state;
  }

  async ofToken(token: string): Promise<OperatorToken | undefined> {
    if (!token.startsWith(OPERATOR_TOKEN_PREFIX) || token.length > MOST_LENGTH) return undefined;
    return this.#hashed(token, (await this.now()).tokens, ({ tokenHash }) => tokenHash);
  }

  /** @param secret of a session; it is good for as long as its token is */
  async ofSession(
    secret: string,
    now: Date,
  ): Promise<(OperatorToken & { readonly until: Date }) | undefined> {
    if (secret === '' || secret.length > MOST_LENGTH) return undefined;
    const { tokens, sessions } = await this.now();
    const session = this.#hashed<OperatorSession>(secret, sessions, ({ sessionHash }) => sessionHash);
    if (!session || session.until <= now) return undefined;
    const token = tokens.find(({ tokenId }) => tokenId === session.tokenId);
    return token && { ...token, until: session.until };
  }

  /** All of them are looked at, each in the same time. */
  #hashed<T>(secret: string, all: readonly T[], hashOf: (one: T) => string): T | undefined {
    const { tokens } = this.#dependencies;
    const hash = tokens.hash(secret);
    return all.filter((one) => tokens.isSameHash(hash, hashOf(one)))[0];
  }
}
