import { describe, expect, test } from 'vitest';
import { ProviderRefused, type SignInProviders, type UsedProvider } from './sign-in-providers.ts';

/** A real provider of OpenID Connect. It knows Ann, who has an address that it vouches for in words, and nobody. */
export interface RealProvider {
  readonly providers: SignInProviders;
  readonly provider: UsedProvider;
  /** As a browser goes there. @returns the query with which it comes back */
  readonly signIn: (address: string) => Promise<URLSearchParams>;
}

export async function refusalOf(work: Promise<unknown>): Promise<ProviderRefused> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof ProviderRefused) return error;
  throw new Error('it was not refused', { cause: error });
}

export function signInProvidersContract(
  name: string,
  make: () => RealProvider,
  randomText: () => string,
): void {
  const checks = () => ({ state: randomText(), verifier: randomText(), nonce: randomText() });
  async function came(who = 'ann') {
    const { providers, provider, signIn } = make();
    const wanted = checks();
    const said = await signIn(await providers.begin(provider, wanted, new Map([['login_hint', who]])));
    const finish = (change: object = {}) => providers.finish(provider, { ...wanted, ...change }, said);
    return { said, finish };
  }

  describe(name, () => {
    test('it says who somebody is, their address too, and its tokens come along', async () => {
      const { finish } = await came();
      expect(await finish()).toEqual({
        account: {
          provider: 'acme',
          id: 'ann',
          email: 'ann@example.com',
          emailVerified: true,
          data: expect.objectContaining({ sub: 'ann', full_name: 'Ann', email_verified: true }),
        },
        accessToken: expect.any(String),
        refreshToken: null,
      });
      // its code is good once
      await refusalOf(finish());
    });

    test.each(['state', 'verifier', 'nonce'])('what was begun with another %s is refused', async (check) => {
      const { finish } = await came();
      await refusalOf(finish({ [check]: randomText() }));
    });

    test.each<[string, (said: URLSearchParams) => void]>([
      ['says that it is of another provider', (said) => said.set('iss', 'https://evil.example')],
      ['does not say whose it is', (said) => said.delete('iss')],
      ['has two codes', (said) => said.append('code', 'another')],
      ['has two states', (said) => said.append('state', 'another')],
    ])('an answer that %s is refused', async (_what, change) => {
      const { said, finish } = await came();
      change(said);
      await refusalOf(finish());
    });

    test('who says no there is told to have said so', async () => {
      const { finish } = await came('nobody');
      expect((await refusalOf(finish())).error).toBe('access_denied');
    });
  });
}
