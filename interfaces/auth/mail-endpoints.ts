/** What is sent to people's addresses, and what they come back with. */
import { z } from 'zod';
import type { AuthDependencies } from '../../application/auth/auth-dependencies.ts';
import { AuthError, invalid } from '../../application/auth/auth-error.ts';
import type { AuthProjects } from '../../application/auth/auth-project.ts';
import { reauthenticate } from '../../application/auth/reauthenticate.ts';
import { recoverPassword } from '../../application/auth/recover-password.ts';
import { resendMail } from '../../application/auth/resend-mail.ts';
import { sendSignInCode } from '../../application/auth/send-sign-in-code.ts';
import { siteRedirect } from '../../application/auth/site-redirects.ts';
import { followLink, verifyCode, type Verified } from '../../application/auth/verify-code.ts';
import { authEndpoint, type AuthEndpoint } from './auth-endpoint.ts';
import { captcha, challenge, metadata, text } from './body-fields.ts';
import { humanAsks } from './human-asks.ts';
import { withCode, withRefusal, withSession, withWords, type Way } from './send-back.ts';
import { sessionReply } from './user-json.ts';

const DONE = { status: 200, body: {} };
const HALFWAY = 'Confirmation link accepted. Please proceed to confirm link sent to the other email';

const mailBody = z.looseObject({
  email: text.nullish(),
  phone: text.nullish(),
  ...challenge,
  ...captcha,
});
const signInBody = z.looseObject({
  ...mailBody.shape,
  create_user: z.boolean().nullish(),
  data: metadata.nullish(),
});
const verifyBody = z.looseObject({
  type: text.nullish(),
  token_hash: text.nullish(),
  token: text.nullish(),
  email: text.nullish(),
  phone: text.nullish(),
});

export function mailEndpoints(deps: AuthDependencies, projects: AuthProjects): readonly AuthEndpoint[] {
  const endpoint = authEndpoint(projects);
  const signIn = (path: string) =>
    endpoint({
      method: 'post',
      path,
      summary: 'Sends a link and a code that sign in',
      auth: 'none',
      body: signInBody,
      handler: async (asked) => {
        await humanAsks(deps, asked);
        const { project, caller, body } = asked;
        const order = orderOf(body, asked);
        const request = { ...order, createUser: body.create_user ?? true, data: body.data ?? {} };
        await sendSignInCode(deps, project, request, caller);
        return DONE;
      },
    });
  return [
    signIn('/otp'),
    signIn('/magiclink'),
    endpoint({
      method: 'post',
      path: '/recover',
      summary: 'Sends a link and a code that sign in, to choose a new password',
      auth: 'none',
      body: mailBody,
      handler: async (asked) => {
        await humanAsks(deps, asked);
        await recoverPassword(deps, asked.project, orderOf(asked.body, asked), asked.caller);
        return DONE;
      },
    }),
    endpoint({
      method: 'post',
      path: '/resend',
      summary: 'Sends the mail of a sign-up or of a new address once more',
      auth: 'none',
      body: mailBody.extend({ type: text.nullish() }),
      handler: async (asked) => {
        await humanAsks(deps, asked);
        const { project, caller, body } = asked;
        await resendMail(deps, project, { ...orderOf(body, asked), type: body.type }, caller);
        return DONE;
      },
    }),
    endpoint({
      method: 'get',
      path: '/reauthenticate',
      summary: 'Sends the user a code, for what a session alone is not enough for',
      auth: 'user',
      spends: true,
      handler: async ({ project, caller, shown }) => {
        await reauthenticate(deps, project, shown, caller);
        return DONE;
      },
    }),
    ...verifyEndpoints(deps, projects),
  ];
}

function verifyEndpoints(deps: AuthDependencies, projects: AuthProjects): readonly AuthEndpoint[] {
  const endpoint = authEndpoint(projects);
  return [
    endpoint({
      method: 'post',
      path: '/verify',
      summary: 'A session for a code that was mailed',
      auth: 'none',
      body: verifyBody,
      handler: async ({ project, caller, body: { token_hash: tokenHash, type, token, email, phone } }) => {
        const shown = { type, tokenHash, token, email, phone };
        const verified = await verifyCode(deps, project, shown, caller);
        if (verified.became === 'signed-in') return sessionReply(verified.session);
        return { status: 200, body: { msg: HALFWAY, code: '200' } };
      },
    }),
    endpoint({
      method: 'get',
      path: '/verify',
      summary: 'The link of a mail: sends people on with a session, or with a code for one',
      auth: 'none',
      spends: true,
      query: z.looseObject({ token: text.default(''), type: text.default('') }),
      handler: async ({ project, caller, query: { token, type }, redirectTo, referer }) => {
        if (token === '') throw invalid('Verify requires a token or a token hash');
        if (type === '') throw invalid('Verify requires a verification type');
        const target = siteRedirect(project, redirectTo, referer);
        const way = { target, isPkce: token.startsWith('pkce_') };
        try {
          return sentOn(way, await followLink(deps, project, { type, hash: token }, caller), type);
        } catch (error) {
          if (!(error instanceof AuthError) || error.status >= 500) throw error;
          return withRefusal(way, error);
        }
      },
    }),
  ];
}

function sentOn(way: Way, verified: Verified, type: string) {
  switch (verified.became) {
    case 'code':
      return withCode(way, verified.authCode);
    case 'halfway':
      return withWords(way, { message: HALFWAY, sb: '' });
    case 'signed-in':
      return withSession(way, verified.session, type);
  }
}

function orderOf(
  body: z.output<typeof mailBody>,
  { redirectTo, referer }: { readonly redirectTo: string | undefined; readonly referer: string | undefined },
) {
  if (!body.email && body.phone)
    throw new AuthError(400, 'phone_provider_disabled', 'Phone sign-ins are not enabled');
  return {
    email: body.email,
    redirectTo,
    referer,
    codeChallenge: body.code_challenge,
    codeChallengeMethod: body.code_challenge_method,
  };
}
