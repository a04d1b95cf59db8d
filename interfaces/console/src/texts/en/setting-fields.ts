/** Words of each field of a project's settings, by its path. */
export interface FieldWords {
  readonly label: string;
  readonly hint?: string;
  readonly options?: Readonly<Record<string, string>>;
  /** of a number */
  readonly unit?: string;
}

const SECONDS = 'seconds';

export const dataApiFields: Readonly<Record<string, FieldWords>> = {
  schemas: { label: 'Schemas', hint: 'A line each, with public. They have to be there.' },
  extra_search_path: {
    label: 'Schemas that are looked into, and not shown',
    hint: 'A line each. For functions and types that are used without their schema.',
  },
  max_rows: { label: 'Most rows of an answer', hint: '1 to 100,000' },
  statement_timeout_s: { label: 'Time of a statement', hint: '1 to 100', unit: SECONDS },
  aggregates: { label: 'Aggregates', hint: 'count(), sum() and the like in select.' },
  explain: { label: 'Plans', hint: 'For who asks with Accept: application/vnd.pgrst.plan.' },
  tx_end: {
    label: 'How a transaction ends',
    options: {
      commit: 'It is kept',
      'commit-allow-override': 'It is kept, unless Prefer: tx=rollback',
      rollback: 'It is taken back',
      'rollback-allow-override': 'It is taken back, unless Prefer: tx=commit',
    },
  },
  route: {
    label: 'Way to the database',
    hint: 'The direct one is faster, and keeps its connections from your other programs.',
    options: { '': 'As the platform has it', pooler: 'Through the pooler', direct: 'Direct' },
  },
};

export const storageFields: Readonly<Record<string, FieldWords>> = {
  file_size_limit: { label: 'Largest file', hint: 'Such as 50 MB. Empty: what the platform allows.' },
  total_bytes: { label: 'All files together', hint: 'Such as 20 GB. Empty: what the platform allows.' },
  files: { label: 'How many files', hint: 'Empty: what the platform allows.' },
  image_transformation: { label: 'Smaller pictures', hint: 'Pictures are resized for who asks.' },
  s3: { label: 'S3 protocol', hint: 'Programs may speak it, with an access key.' },
};

export const authFields: Readonly<Record<string, FieldWords>> = {
  site_url: {
    label: 'Site URL',
    hint: 'Where users come back to when your app asks for nothing else. Empty: the address of the project.',
  },
  allowed_redirects: {
    label: 'Other addresses that they may come back to',
    hint: 'A line each: * is a run without "." and "/", ** is anything.',
  },
  sign_ups_open: { label: 'Sign-ups', hint: 'Off: only you make or invite users.' },
  email_sign_ins: { label: 'By e-mail address', hint: 'With a password, or by a code.' },
  anonymous_sign_ins: {
    label: 'Anonymous sign-ins',
    hint: 'Users without an address, who may become permanent later.',
  },
  autoconfirm: {
    label: 'Addresses count as confirmed',
    hint: 'No mail is sent at a sign-up: anybody may sign up with an address that is not theirs.',
  },
  secure_email_change: {
    label: 'Both addresses agree to a change',
    hint: 'The old and the new one get a mail.',
  },
  manual_linking: {
    label: 'Users may link accounts',
    hint: 'Of other providers to the one that they have.',
  },
  'password.min_length': { label: 'Shortest password', hint: '6 to 72 characters' },
  'password.requires': {
    label: 'Each has to have',
    options: {
      lower: 'A small letter',
      upper: 'A capital letter',
      digit: 'A digit',
      symbol: 'Another sign',
    },
  },
  'password.reauthenticate': {
    label: 'A change needs a fresh session',
    hint: 'Younger than 24 hours, or a code by mail.',
  },
  'password.needs_current': { label: 'A change needs the current password' },
  access_token_seconds: {
    label: 'Life of an access token',
    hint: '60 to 604,800. So long it is good everywhere, also after a sign-out.',
    unit: SECONDS,
  },
  refresh_reuse_seconds: {
    label: 'An older refresh token is good for',
    hint: '0 to 3,600. For tabs that refresh at once.',
    unit: SECONDS,
  },
  end_reused_sessions: {
    label: 'One that is used later ends its session',
    hint: 'Somebody may have stolen it.',
  },
  'session.max_seconds': {
    label: 'Longest session',
    hint: 'Since the sign-in, 60 or more. Empty: no limit.',
    unit: SECONDS,
  },
  'session.idle_seconds': {
    label: 'Longest pause',
    hint: 'Since the last refresh, 60 or more. Empty: no limit.',
    unit: SECONDS,
  },
  'session.one_per_user': {
    label: 'One session for each user',
    hint: 'A new sign-in ends the others.',
  },
  'mfa.totp': {
    label: 'Authenticators',
    hint: 'Codes of an app. Off: no new ones; those that are there count on.',
  },
  'mfa.webauthn': { label: 'Security keys', hint: 'On the same pages as passkeys.' },
  'mfa.recovery_codes': { label: 'Recovery codes', hint: 'For who has lost the other factor.' },
  'mfa.max_factors': { label: 'Most factors of a user', hint: '1 to 30' },
  'passkeys.enabled': { label: 'Passkeys', hint: 'Users may sign in without a password.' },
  'passkeys.rp_id': {
    label: 'Domain that they are for',
    hint: 'Choose it once: after a change old passkeys no longer work. Empty: the host of the site URL.',
  },
  'passkeys.rp_name': { label: 'Name that is shown with them', hint: 'Empty: the domain.' },
  'passkeys.origins': {
    label: 'Pages that may ask for them',
    hint: 'A line each, such as https://app.example.com. Empty: the site.',
  },
  captcha: {
    label: 'Users show that they are human',
    hint: 'At sign-ups, sign-ins and mails. Your app has to show the puzzle.',
  },
  'captcha.provider': { label: 'Provider', options: { hcaptcha: 'hCaptcha', turnstile: 'Turnstile' } },
  'captcha.secret': { label: 'Secret' },
  'captcha.verify_url': {
    label: 'Another verifier',
    hint: 'One that answers as the provider does. Empty: the provider itself.',
  },
  'hooks.before_user_created': {
    label: 'Before a user is made',
    hint: 'Your address is asked whether they may sign up.',
  },
  'hooks.before_user_created.url': { label: 'Address' },
  'hooks.before_user_created.timeout_ms': { label: 'Longest wait', hint: '100 to 10,000', unit: 'ms' },
  'hooks.before_user_created.secret': {
    label: 'Secret',
    hint: 'Signs what the hook is asked. Copy it into your program before you save.',
  },
  'hooks.custom_access_token': {
    label: 'Before a token is given out',
    hint: 'Your address says what stands in it.',
  },
  'hooks.custom_access_token.url': { label: 'Address' },
  'hooks.custom_access_token.timeout_ms': { label: 'Longest wait', hint: '100 to 10,000', unit: 'ms' },
  'hooks.custom_access_token.secret': {
    label: 'Secret',
    hint: 'Signs what the hook is asked. Copy it into your program before you save.',
  },
  'otp.digits': { label: 'Digits of a code', hint: '6 to 10' },
  'otp.expiry_seconds': { label: 'Codes and links are good for', hint: '60 to 86,400', unit: SECONDS },
  mail_every_seconds: {
    label: 'Between two mails of a kind to one user',
    hint: '0 to 86,400',
    unit: SECONDS,
  },
  smtp: {
    label: 'A mail server of your own',
    hint: 'Off: mails go by the server of the platform, or into its mailbox.',
  },
  'smtp.host': { label: 'Host' },
  'smtp.port': { label: 'Port', hint: '587, unless you were told another' },
  'smtp.user': { label: 'User', hint: 'Empty: no log-in.' },
  'smtp.password': {
    label: 'Password',
    hint: 'It has to be given again when the host or the port changes.',
  },
  'smtp.sender_email': { label: 'Address of the sender' },
  'smtp.sender_name': { label: 'Name of the sender' },
};

/** of each provider */
export const providerFields: Readonly<Record<string, FieldWords>> = {
  enabled: { label: 'Users may sign in by it' },
  client_id: { label: 'Client id', hint: 'Several, with commas: the first is for the browser.' },
  client_secret: { label: 'Client secret' },
  issuer: {
    label: 'Issuer',
    hint: 'Of OpenID Connect, such as https://id.example.com. Empty for google and github.',
  },
  scopes: { label: 'Further scopes', hint: 'A line each, besides those that signing in needs.' },
};

/** of each mail */
export const templateFields: Readonly<Record<string, FieldWords>> = {
  subject: { label: 'Subject' },
  text: { label: 'As text' },
  html: { label: 'As HTML' },
};
