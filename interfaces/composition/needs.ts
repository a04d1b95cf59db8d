import type { ServiceIdentifier } from 'inversify';

type Named<Tokens> = {
  readonly [Name in keyof Tokens]: Tokens[Name] extends ServiceIdentifier<infer T> ? T : never;
};

/**
 * What a factory needs, by name: `bind(TOKENS.x).toResolvedValue(...needs({ log: TOKENS.log }, ({ log }) => ...))`. By its
 * place alone two of one type are easily taken for each other.
 */
export function needs<const Tokens extends Readonly<Record<string, ServiceIdentifier>>, T>(
  tokens: Tokens,
  make: (dependencies: Named<Tokens>) => T,
): [factory: (...resolved: unknown[]) => T, tokens: ServiceIdentifier[]] {
  const names = Object.keys(tokens);
  const factory = (...resolved: unknown[]) =>
    make(Object.fromEntries(names.map((name, place) => [name, resolved[place]])) as Named<Tokens>);
  return [factory, Object.values(tokens)];
}
