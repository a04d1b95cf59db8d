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
  /** of an authenticator with codes; a key is made when the factor is challenged */
  readonly totp?: {
    readonly secret: string;
    readonly uri: string;
    /** SVG */
    readonly qrCode: string;
  };
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
  const kind = requireEnabled(type, project);
  const name = factorName(friendlyName);
  if (issuer !== undefined && issuer.length > LONGEST_ISSUER) throw invalid('issuer is too long');
  const now = clock.now();
  const secret = kind === 'totp' ? secondFactors.newSecret() : null;
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
        type: kind,
        status: 'unverified',
        friendlyName: name,
        secret,
        credential: kind === 'totp' ? totpMemoryToJson({ lastStep: null, tries: NO_TRIES }) : null,
        lastChallengedAt: null,
        createdAt: now,
        updatedAt: now,
      };
      await rows.factors.insert(made);
      await audit(rows, 'factor_in_progress', user, now, caller, { factor_id: made.id, factor_type: kind });
      return { factor: made, account: user.email || user.phone || user.id };
    },
    caller,
  );
  if (secret === null) return { factor };
  const uri = otpauthUri(issuer || siteOf(project), account, secret);
  return { factor, totp: { secret, uri, qrCode: secondFactors.qrCode(uri) } };
}

function requireEnabled(type: string, { settings: { mfa } }: AuthProject): 'totp' | 'webauthn' {
  if (type === 'phone')
    throw new AuthError(422, 'mfa_phone_enroll_not_enabled', 'MFA enroll is disabled for Phone');
  if (type !== 'totp' && type !== 'webauthn')
    throw invalid('factor_type needs to be totp, phone, or webauthn');
  if (type === 'webauthn' && !mfa.webauthn)
    throw new AuthError(422, 'mfa_webauthn_enroll_not_enabled', 'MFA enroll is disabled for WebAuthn');
  if (type === 'totp' && !mfa.totp)
    throw new AuthError(422, 'mfa_totp_enroll_not_enabled', 'MFA enroll is disabled for TOTP');
  return type;
}

/** What people know the project by. */
const siteOf = ({ siteUrl }: AuthProject): string => /^https?:\/\/([^/?#]+)/.exec(siteUrl)?.[1] ?? '';
