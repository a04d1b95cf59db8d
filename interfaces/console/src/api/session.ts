/** Who is signed in as an owner. */
import { useQuery } from '@tanstack/react-query';
import { api, dataOf } from './api.ts';
import { browserSession } from './browser-session.ts';
import { forgetServiceTokens } from './service-token.ts';

export interface Session {
  readonly owner_id: string;
  readonly email: string;
}

const owners = browserSession<Session>({
  whose: 'owner',
  queryKey: ['session'],
  ask: (signal) => dataOf<Session>(api.GET('/api/session', { signal })),
  idOf: (session) => session.owner_id,
  isOfPages: ([subject]) => subject !== 'session',
  forgetMore: forgetServiceTokens,
});

export const { query: sessionQuery, useLeftOpen, look: lookForSession, forget: forgetEverything } = owners;

export const useSession = () => useQuery(sessionQuery);

/** @throws {ApiProblem} `owner/invalid-credentials` */
export async function signIn(email: string, password: string): Promise<void> {
  owners.begun(await dataOf<Session>(api.POST('/api/session', { body: { email, password } })));
}

/** @param everywhere all sessions of the owner end, on every machine */
export async function signOut(everywhere = false): Promise<void> {
  await dataOf(
    api.DELETE('/api/session', { params: { query: { everywhere: everywhere ? 'true' : 'false' } } }),
  );
  forgetEverything();
}
