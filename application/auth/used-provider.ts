import type { UsedProvider } from '../ports/sign-in-providers.ts';
import { invalid } from './auth-error.ts';
import type { AuthProject } from './auth-project.ts';

const MOST_SCOPES = 30;

/** @param scopes of the app's own, separated by blanks @throws {AuthError} 400 validation_failed: it is not enabled */
export function usedProvider(
  { id, url, settings, secrets }: AuthProject,
  name: string,
  scopes = '',
): UsedProvider {
  const provider = Object.hasOwn(settings.providers, name) ? settings.providers[name] : undefined;
  const [first, ...others] = (provider?.clientId ?? '').split(',').map((one) => one.trim());
  if (!provider?.enabled || !first) throw invalid('Unsupported provider: provider is not enabled');
  const wanted = scopes.split(/[ ,]+/).filter((scope) => /^[!#-[\]-~]{1,200}$/.test(scope));
  return {
    project: id,
    name,
    issuer: provider.issuer,
    clientIds: [first, ...others.filter(Boolean)],
    clientSecret: Object.hasOwn(secrets.providerSecrets, name)
      ? (secrets.providerSecrets[name] ?? null)
      : null,
    scopes: [...provider.scopes, ...wanted.slice(0, MOST_SCOPES)],
    callback: `${url}/callback`,
  };
}
