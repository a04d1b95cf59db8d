/** Words of the forms of how users sign in, and of what is mailed. */
export const authForms = {
  signUps: { title: 'Who may sign up', description: '' },
  addresses: { title: 'Addresses', description: 'Links in mails lead to the site, or to one of these.' },
  passwords: { title: 'Passwords', description: 'For passwords that are chosen from now on.' },
  sessions: { title: 'Sessions and tokens', description: '' },
  factors: { title: 'Second factors', description: '' },
  passkeys: { title: 'Passkeys', description: '' },
  captcha: { title: 'Captcha', description: '' },
  hooks: { title: 'Hooks', description: 'Addresses of yours that are asked, by a signed POST.' },
  codes: { title: 'Codes and links', description: '' },
  smtp: { title: 'Mail server', description: '' },
} as const;

export const providers = {
  title: 'Sign-in by others',
  description: 'Google, GitHub and whoever speaks OpenID Connect. Register your app there with this address:',
  callback: 'Callback address',
  none: 'There are none yet.',
  add: 'Add a provider',
  name: 'Name',
  nameHint: 'google, github, or a name of your own: small letters, digits, - and _.',
  nameBad: 'Small letters, digits, - and _, beginning with a letter; 40 at most.',
  nameTaken: 'There is one of this name.',
  on: 'On',
  off: 'Off',
  change: 'Change',
  remove: 'Remove',
  removeTitle: (name: string) => `Remove ${name}?`,
  removeDescription: 'Users who sign in by it alone cannot sign in any more. Their accounts stay.',
  removed: 'The provider is removed',
  close: 'Close',
} as const;

export const templates = {
  title: 'What is mailed',
  description:
    'Variables are filled in, such as {{ .ConfirmationURL }} for the link and {{ .Token }} for the code.',
  kinds: {
    confirmation: 'Confirm an address',
    invite: 'Invitation',
    magic_link: 'Link to sign in',
    recovery: 'New password',
    email_change: 'New address',
    reauthentication: 'Code for a change',
  },
  kind: 'Mail',
  own: 'Your own',
  ours: 'As the platform has it',
  reset: 'Back to the mail of the platform',
  resetTitle: 'Take the mail of the platform again?',
  resetDescription: 'What you have written for it is gone.',
  resetDone: 'The mail of the platform is sent again',
  variables: 'Variables',
  preview: 'Preview',
  previewHint: 'With values of an example. Pictures and styles are left out here, and links lead nowhere.',
  previewSubject: 'Subject',
  previewText: 'As text',
} as const;

export const mailbox = {
  title: 'Mails that were not sent',
  description:
    'Without a mail server all of them, for a week: with their links and codes. Looking is recorded.',
  show: 'Show mails',
  none: 'There are none.',
  to: 'To',
  subject: 'Subject',
  state: 'State',
  when: 'When',
  states: {
    waiting: 'Waits',
    sending: 'Is being sent',
    handed_over: 'Handed over',
    sent: 'Sent',
    failed: 'Failed',
    kept: 'Kept: there is no server',
  },
} as const;
