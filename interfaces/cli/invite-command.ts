import { Refused } from '../../application/errors.ts';
import { normaliseEmail } from '../../domain/email-address.ts';
import { DAY_MS, makeInvite, MOST_INVITE_DAYS } from '../../application/operator/operator-invites.ts';
import { byOperator, type Command } from './command.ts';

const MINUTE_MS = 60_000;
const UNITS: Readonly<Record<string, number>> = { m: MINUTE_MS, h: 60 * MINUTE_MS, d: DAY_MS };

export const inviteCommand: Command = {
  name: 'invite',
  usage: '[--email address] [--expires 7d]',
  summary:
    'Make an invite, good for one account, and print its code: for who signs up where SIGNUP is not open.',
  flags: [],
  options: ['email', 'expires'],
  arguments: [0, 0],
  async run(operator, { options, say }) {
    const given = options.get('email');
    const email = given === undefined ? undefined : normaliseEmail(given);
    if (given !== undefined && email === undefined) throw new Refused(`"${given}" is no e-mail address`);
    const expiresInMs = durationMs(options.get('expires') ?? '7d');
    // not as it was typed: the address is nobody's to read in the log
    const metadata = byOperator(operator, 'launchdb invite');
    const { code, expiresAt } = await makeInvite(operator, { email, expiresInMs }, metadata);
    say(code);
    const who = email === undefined ? 'for whoever has it' : `for ${email} alone`;
    say(`Good for one account until ${expiresAt.toISOString()}, ${who}. It is shown this once.`);
    say('Who signs up gives it as "invite" beside "email" and "password": POST /api/owners/signup');
    return 0;
  },
};

/** @throws {Refused} */
function durationMs(text: string): number {
  const [, digits, unit = ''] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  const ms = Number(digits) * (UNITS[unit] ?? Number.NaN);
  if (ms > 0 && ms <= MOST_INVITE_DAYS * DAY_MS) return ms;
  throw new Refused(
    `--expires ${text} is not possible: minutes, hours or days, such as 30m, 12h or 7d; ${MOST_INVITE_DAYS}d at most`,
  );
}
