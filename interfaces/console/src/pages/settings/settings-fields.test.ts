import { describe, expect, test } from 'vitest';
import { draftOf, placeFaults, readDraft, type Draft, type Field } from './settings-fields.ts';

const FIELDS: readonly Field[] = [
  { kind: 'text', path: 'site_url', nullable: true },
  { kind: 'lines', path: 'allowed_redirects' },
  { kind: 'switch', path: 'sign_ups_open' },
  { kind: 'number', path: 'password.min_length' },
  { kind: 'several', path: 'password.requires', of: ['lower', 'upper', 'digit'] },
  { kind: 'number', path: 'session.max_seconds', nullable: true },
  { kind: 'size', path: 'file_size_limit' },
  { kind: 'part', path: 'smtp' },
  { kind: 'text', path: 'smtp.host' },
  { kind: 'number', path: 'smtp.port', initial: 587 },
  { kind: 'text', path: 'smtp.user', nullable: true },
  { kind: 'secret', path: 'smtp.password' },
  { kind: 'one', path: 'route', of: ['', 'pooler', 'direct'] },
];
const SAVED = {
  site_url: null,
  allowed_redirects: ['https://a.example/**', 'https://b.example/*'],
  sign_ups_open: true,
  password: { min_length: 6, requires: ['upper'] },
  session: { max_seconds: null },
  file_size_limit: 20_000_000,
  smtp: { host: 'mail.example', port: 25, user: 'me', password: 'set' },
  route: null,
  other: { is: 'of another form' },
};
const WORDS = { number: 'no number', size: 'no size' };
const drafted = draftOf(FIELDS, SAVED);
const after = (edits: Draft, saved: Record<string, unknown> = SAVED) =>
  readDraft(FIELDS, saved, { ...draftOf(FIELDS, saved), ...edits }, WORDS);
const changed = (edits: Draft, saved?: Record<string, unknown>) => after(edits, saved).change;

describe('what is sent', () => {
  test('is nothing, when nothing was changed', () => {
    expect(after({})).toEqual({ change: {}, faults: {} });
  });

  test('is null for a choice that is nobody’s', () => {
    expect(drafted['route']).toBe('');
    expect(changed({ route: 'direct' })).toEqual({ route: 'direct' });
    expect(changed({ route: '' }, { ...SAVED, route: 'direct' })).toEqual({ route: null });
  });

  test('is what was changed alone, at its place', () => {
    expect(changed({ site_url: ' https://shop.example ' })).toEqual({ site_url: 'https://shop.example' });
    expect(changed({ 'password.min_length': '10', sign_ups_open: false })).toEqual({
      sign_ups_open: false,
      password: { min_length: 10 },
    });
    expect(changed({ allowed_redirects: 'https://a.example/**\n\n  https://c.example \n' })).toEqual({
      allowed_redirects: ['https://a.example/**', 'https://c.example'],
    });
    expect(changed({ 'password.requires': ['digit', 'lower'] })).toEqual({
      password: { requires: ['lower', 'digit'] },
    });
  });

  test('has null for what was emptied', () => {
    expect(changed({ file_size_limit: '', 'smtp.user': '' })).toEqual({
      file_size_limit: null,
      smtp: { user: null },
    });
  });

  test('has no number that is none, which is told at its field', () => {
    expect(
      after({ 'password.min_length': 'ten', 'session.max_seconds': '', file_size_limit: '1 x' }),
    ).toEqual({
      change: {},
      faults: { 'password.min_length': 'no number', file_size_limit: 'no size' },
    });
    expect(after({ 'password.min_length': '' }).faults).toEqual({ 'password.min_length': 'no number' });
  });
});

describe('a secret', () => {
  test('is shown as set, or as not set, and is not sent back', () => {
    expect(drafted['smtp.password']).toEqual({ is: 'kept', isSet: true });
    expect(draftOf(FIELDS, { smtp: { password: null } })['smtp.password']).toEqual({
      is: 'kept',
      isSet: false,
    });
    expect(changed({ 'smtp.host': 'other.example' })).toEqual({ smtp: { host: 'other.example' } });
  });

  test('is replaced, or taken away', () => {
    expect(changed({ 'smtp.password': { is: 'new', isSet: true, text: 's3cret ' } })).toEqual({
      smtp: { password: 's3cret ' },
    });
    expect(changed({ 'smtp.password': { is: 'removed', isSet: true } })).toEqual({
      smtp: { password: null },
    });
    expect(changed({ 'smtp.password': { is: 'new', isSet: true, text: '' } })).toEqual({});
  });
});

describe('a part that may be missing', () => {
  test('is taken away as a whole, whatever was typed into it', () => {
    expect(changed({ smtp: false, 'smtp.host': 'typed.example', 'smtp.port': 'x' })).toEqual({ smtp: null });
  });

  test('comes with all that is in it', () => {
    const none = { ...SAVED, smtp: null };
    expect(changed({}, none)).toEqual({});
    expect(changed({ smtp: true, 'smtp.host': 'mail.example' }, none)).toEqual({
      smtp: { host: 'mail.example', port: 587 },
    });
  });
});

test('faults are at their fields, those of a list too, and the others are left over', () => {
  const faults = [
    { pointer: '/body/settings/smtp/host', detail: 'A host.' },
    { pointer: '/body/settings/allowed_redirects/1', detail: 'No URL.' },
    { pointer: '/body/settings/allowed_redirects/3', detail: 'Nor this.' },
    { pointer: '/body/settings/smtp/sender_email', detail: 'Needed.' },
    { pointer: '/body/settings/captcha/secret', detail: 'Elsewhere.' },
    { pointer: '/headers/if-match', detail: 'Too long.' },
  ];
  expect(placeFaults(FIELDS, faults, '/body/settings')).toEqual({
    placed: { 'smtp.host': 'A host.', allowed_redirects: 'No URL. Nor this.', smtp: 'Needed.' },
    rest: ['Elsewhere.', 'Too long.'],
  });
});
