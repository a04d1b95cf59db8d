/** The service key invites somebody: a mail by which they show that the address is theirs, and are signed in. */
import type { JsonObject } from '../../domain/auth/user.ts';
import { affected, audit, SERVICE_KEY } from './audit.ts';
import type { AuthCaller, AuthDependencies } from './auth-dependencies.ts';
import type { AuthProject } from './auth-project.ts';
import { unconfirmedUser } from './invited-user.ts';
import { hooked } from './hooked.ts';
import { mailCode, type CodeMakers } from './mailed-code.ts';
import { personOf, type Person } from './person.ts';
import { requireAddress } from './request-mail.ts';
import { siteRedirect } from './site-redirects.ts';

export interface Invitation {
  readonly email: string;
  readonly data: JsonObject;
  readonly redirectTo: string | undefined;
}

/** Also where sign-ups are closed. @throws {AuthError} 400 validation_failed, 422 email_exists */
export async function inviteUser(
  deps: CodeMakers & Pick<AuthDependencies, 'directory' | 'hooks' | 'mailWaits'>,
  project: AuthProject,
  { email, data, redirectTo: asked }: Invitation,
  caller: AuthCaller,
): Promise<Person> {
  const address = requireAddress(email);
  const redirectTo = siteRedirect(project, asked);
  const now = deps.clock.now();
  const person = await hooked(deps, project, caller, async (rows) => {
    const given = { invitedAt: now, passwordHash: null };
    const invited = await unconfirmedUser(deps, rows, address, data, now, given);
    const user = await mailCode(deps, rows, project, invited, {
      kind: 'invite',
      redirectTo,
      challenge: null,
    });
    await audit(rows, 'user_invited', SERVICE_KEY, now, caller, affected(user));
    return personOf(rows, user);
  });
  deps.mailWaits(project);
  return person;
}
