/** The mails of projects whose owners have written none of their own. */
import type { MailKind, MailTemplate } from './auth-settings.ts';

interface Words {
  readonly subject: string;
  /** a sentence or two: what happened, and what to do */
  readonly says: string;
  /** on the link */
  readonly link: string;
  readonly otherwise: string;
}

const IGNORE =
  'If this was not you, you can ignore this message: nothing happens without the link or the code.';

/** as text and as HTML from the same words, so that both say the same */
const template = ({ subject, says, link, otherwise }: Words): MailTemplate => ({
  subject,
  text: [
    says,
    `${link}: {{ .ConfirmationURL }}`,
    'Or enter this code: {{ .Token }}',
    otherwise,
    '{{ .SiteURL }}\n',
  ].join('\n\n'),
  html: page([
    says,
    `<a href="{{ .ConfirmationURL }}">${link}</a>`,
    'Or enter this code: <strong>{{ .Token }}</strong>',
    otherwise,
    '{{ .SiteURL }}',
  ]),
});

const page = (paragraphs: readonly string[]): string =>
  [
    '<!doctype html>',
    '<html lang="en"><body>',
    ...paragraphs.map((one) => `<p>${one}</p>`),
    '</body></html>',
  ].join('\n') + '\n';

export const DEFAULT_TEMPLATES: Readonly<Record<MailKind, MailTemplate>> = {
  confirmation: template({
    subject: 'Confirm your e-mail address',
    says: 'Somebody signed up with {{ .Email }}. Please confirm that this is your address.',
    link: 'Confirm your address',
    otherwise: IGNORE,
  }),
  invite: template({
    subject: 'You have been invited',
    says: 'You have been invited to create an account with {{ .Email }}.',
    link: 'Accept the invitation',
    otherwise: 'If you do not want an account, you can ignore this message.',
  }),
  magic_link: template({
    subject: 'Your sign-in link',
    says: 'Somebody, we hope you, wants to sign in as {{ .Email }}.',
    link: 'Sign in',
    otherwise: IGNORE,
  }),
  recovery: template({
    subject: 'Reset your password',
    says: 'Somebody, we hope you, has forgotten the password of {{ .Email }}.',
    link: 'Choose a new password',
    otherwise: IGNORE,
  }),
  email_change: template({
    subject: 'Confirm your new e-mail address',
    says: 'The address of your account is to change from {{ .Email }} to {{ .NewEmail }}.',
    link: 'Confirm the change',
    otherwise: 'If this was not you, do not confirm it, and change your password.',
  }),
  reauthentication: {
    subject: 'Your code is {{ .Token }}',
    text: 'To confirm that it is you, enter this code: {{ .Token }}\n\nIf you did not ask for it, change your password.\n\n{{ .SiteURL }}\n',
    html: page([
      'To confirm that it is you, enter this code: <strong>{{ .Token }}</strong>',
      'If you did not ask for it, change your password.',
      '{{ .SiteURL }}',
    ]),
  },
};
