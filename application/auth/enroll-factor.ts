/** A second factor begins: its secret is told once, and it counts when a code of it has been given. */
import { otpauthUri, totpMemoryToJson } from '../../domain/auth/totp.ts';
import { NO_TRIES } from '../../domain/auth/bounded-tries.ts';
import type { Factor } from '../../domain/auth/user.ts';
import type { ShownToken } from '../ports/user-tokens.ts';
import { audit } from './audit.ts';
import type { AuthCaller, AuthDependencies } from './auth-dependencies.ts';
import { AuthError, invalid } from './auth-error.ts';
import type { AuthProject } from './auth-project.ts';
import { factorName, requireMayEnroll } from './factors.ts';

export interface EnrollInput {
  readonly type: string;
  readonly friendlyName: string | undefined;
  readonly issuer: string | undefined;
}

export interface EnrolledFactor {
  readonly factor: Factor;
  readonly secret: string;
  readonly uri: string;
  /** SVG */
  readonly qrCode: string;
}

type Enrollers = Pick<AuthDependencies, 'directory' | 'secondFactors' | 'clock' | 'ids'>;

const LONGEST_ISSUER = 100;

/** @throws {AuthError} */
export async function enrollFactor(
  { directory, secondFactors, clock, ids }: Enrollers,
  project: AuthProject,
  { type, friendlyName, issuer }: EnrollInput,
  shown: ShownToken,
  caller: AuthCaller,
): Promise<EnrolledFactor> {
  requireTotp(type, project);
  const name = factorName(friendlyName);
  if (issuer !== undefined && issuer.length > LONGEST_ISSUER) throw invalid('issuer is too long');
  const now = clock.now();
  const secret = secondFactors.newSecret();
  const { factor, account } = await directory.with(
    project.id,
    async (rows) => {
      const { user, factors } = await requireMayEnroll(rows, shown, name, now);
      if (
        factors.filter(({ type: one }) => one !== 'recovery_code').length >= project.settings.mfa.maxFactors
      )
        throw new AuthError(
          422,
          'too_many_enrolled_mfa_factors',
          'Maximum number of factors reached, unenroll to continue',
        );
      const made: Factor = {
        id: ids.uuid(),
        userId: user.id,
        type: 'totp',
        status: 'unverified',
        friendlyName: name,
        secret,
        credential: totpMemoryToJson({ lastStep: null, tries: NO_TRIES }),
        lastChallengedAt: null,
        createdAt: now,
        updatedAt: now,
      };
      await rows.factors.insert(made);
      await audit(rows, 'factor_in_progress', user, now, caller, { factor_id: made.id, factor_type: 'totp' });
      return { factor: made, account: user.email || user.phone || user.id };
    },
    caller,
  );
  const uri = otpauthUri(issuer || siteOf(project), account, secret);
  return { factor, secret, uri, qrCode: secondFactors.qrCode(uri) };
}

function requireTotp(type: string, { settings }: AuthProject): void {
  if (type === 'phone')
    throw new AuthError(422, 'mfa_phone_enroll_not_enabled', 'MFA enroll is disabled for Phone');
  if (type === 'webauthn')
    throw new AuthError(422, 'mfa_web_authn_enroll_not_enabled', 'MFA enroll is disabled for WebAuthn');
  if (type !== 'totp') throw invalid('factor_type needs to be totp, phone, or webauthn');
  if (!settings.mfa.totp)
    throw new AuthError(422, 'mfa_totp_enroll_not_enabled', 'MFA enroll is disabled for TOTP');
}

/** What people know the project by. */
const siteOf = ({ siteUrl }: AuthProject): string => /^https?:\/\/([^/?#]+)/.exec(siteUrl)?.[1] ?? '';
