/** Sign-in by others: to a provider, and back from it. */
import { text as textOf } from 'node:stream/consumers';
import { z } from 'zod';
import type { AuthDependencies } from '../../application/auth/auth-dependencies.ts';
import { beginLinking, beginProviderFlow } from '../../application/auth/begin-provider-flow.ts';
import { finishProviderFlow } from '../../application/auth/finish-provider-flow.ts';
import type { AuthProject, AuthProjects } from '../../application/auth/auth-project.ts';
import { siteRedirect } from '../../application/auth/site-redirects.ts';
import { stream } from '../http/body.ts';
import { openEndpoint } from '../http/endpoint.ts';
import { authEndpoint, findProject, told, type AuthEndpoint } from './auth-endpoint.ts';
import { isElsewhere, keeping, keyIn } from './browser-key.ts';
import { challenge, text } from './body-fields.ts';
import { seeOther, withCode, withRefusal, withSession } from './send-back.ts';

const FORM_BYTES = 64 * 1024;
const authorizeQuery = z.looseObject({
  provider: text.default(''),
  scopes: text.default(''),
  skip_http_redirect: text.default(''),
  moved: text.default(''),
  ...challenge,
});
/** What is said to us, and not to the provider. */
const OURS = new Set([...Object.keys(authorizeQuery.shape), 'redirect_to', 'apikey']);
const MOST_FURTHER = 20;
const LONGEST_FURTHER = 1_000;
/** Of a form; what else a provider says in one would only make an address too long. */
const TAKEN = new Set(['code', 'state', 'iss', 'error', 'error_description']);

export const providerEndpoints = (
  deps: AuthDependencies,
  projects: AuthProjects,
): readonly AuthEndpoint[] => [
  authorize(deps, projects),
  authorizeLink(deps, projects),
  callback(deps, projects),
  callbackByForm(projects),
];

const authorize = (deps: AuthDependencies, projects: AuthProjects) =>
  authEndpoint(projects)({
    method: 'get',
    path: '/authorize',
    summary: 'Sends people to a provider, to sign in there',
    auth: 'none',
    spends: true,
    query: authorizeQuery,
    handler: async ({ project, caller, query, redirectTo, referer, headers: { host, cookie } }) => {
      if (isElsewhere(project, host) && query.moved === '')
        return {
          status: 302,
          headers: { location: atHome(project, query, siteRedirect(project, redirectTo, referer)) },
        };
      const request = requestOf(query, { redirectTo, referer });
      const kept = keyIn(project, cookie);
      const { address, browserKey } = await beginProviderFlow(deps, project, request, caller, kept);
      return { status: 302, headers: { location: address, 'set-cookie': keeping(project, browserKey) } };
    },
  });

/** Asked once: who stands in front may call us by another name. */
function atHome({ url }: AuthProject, query: z.output<typeof authorizeQuery>, redirectTo: string): string {
  const asked = new URLSearchParams(
    pairsOf(query).filter(([name, value]) => name !== 'redirect_to' && value !== ''),
  );
  asked.set('redirect_to', redirectTo);
  asked.set('moved', 'true');
  return `${url}/authorize?${asked.toString()}`;
}

const authorizeLink = (deps: AuthDependencies, projects: AuthProjects) =>
  authEndpoint(projects)({
    method: 'get',
    path: '/user/identities/authorize',
    summary: 'Where the user shows another way by which they want to be known',
    auth: 'user',
    spends: true,
    query: authorizeQuery,
    handler: async ({ project, caller, query, shown, redirectTo, referer }) => {
      const request = requestOf(query, { redirectTo, referer });
      const url = await beginLinking(deps, project, request, caller, shown);
      return query.skip_http_redirect === 'true'
        ? { status: 200, body: { url } }
        : { status: 302, headers: { location: url } };
    },
  });

const callback = (deps: AuthDependencies, projects: AuthProjects) =>
  authEndpoint(projects)({
    method: 'get',
    path: '/callback',
    summary: 'Where providers send people back to, who are sent on with a session, or with a code for one',
    auth: 'none',
    spends: true,
    handler: async ({ project, caller, query, headers }) => {
      const said = new URLSearchParams(pairsOf(query));
      const key = keyIn(project, headers.cookie) ?? '';
      const back = await finishProviderFlow(deps, project, said, caller, key);
      switch (back.became) {
        case 'signed-in':
          return withSession(back, back.session);
        case 'code':
          return withCode(back, back.authCode);
        case 'refused':
          return withRefusal(back, back.error, back.said);
      }
    },
  });

/**
 * Some send people back with a form: it is the same, said otherwise. What a page of another site posts comes without the
 * browser's key, and going on from there by GET with it.
 */
const callbackByForm = (projects: AuthProjects) =>
  openEndpoint({
    method: 'post',
    path: '/project/:project/auth/v1/callback',
    summary: 'The same, for providers that answer with a form',
    auth: 'none',
    params: z.looseObject({ project: z.string() }),
    query: z.looseObject({}),
    body: stream(FORM_BYTES, ['application/x-www-form-urlencoded']),
    responses: { 303: 'To the same by GET' },
    handler: async ({ params, body }) => {
      const { url } = await told(findProject(projects, params.project));
      const said = [...new URLSearchParams(await textOf(body))].filter(([name]) => TAKEN.has(name));
      return { ...seeOther(`${url}/callback?${new URLSearchParams(said).toString()}`), status: 303 };
    },
  });

interface Back {
  readonly redirectTo: string | undefined;
  readonly referer: string | undefined;
}

function requestOf(query: z.output<typeof authorizeQuery>, back: Back) {
  const further = pairsOf(query).filter(
    ([name, value]) => !OURS.has(name) && value.length <= LONGEST_FURTHER,
  );
  return {
    provider: query.provider,
    scopes: query.scopes,
    codeChallenge: query.code_challenge,
    codeChallengeMethod: query.code_challenge_method,
    further: new Map(further.slice(0, MOST_FURTHER)),
    ...back,
  };
}

const pairsOf = (query: Readonly<Record<string, unknown>>): [string, string][] =>
  Object.entries(query).flatMap(([name, value]) =>
    [value].flat().flatMap((one): [string, string][] => (typeof one === 'string' ? [[name, one]] : [])),
  );
