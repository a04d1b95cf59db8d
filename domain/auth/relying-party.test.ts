import { expect, test } from 'vitest';
import { AUTH_DEFAULTS, type AuthSettings } from './auth-settings.ts';
import { relyingPartyOf } from './relying-party.ts';

const partyOf = (
  siteUrl: string,
  passkeys: Partial<AuthSettings['passkeys']> = {},
  allowedRedirects: readonly string[] = [],
) => relyingPartyOf({ passkeys: { ...AUTH_DEFAULTS.passkeys, ...passkeys }, allowedRedirects }, siteUrl);

test('by itself it is the site', () => {
  expect(partyOf('https://shop.example/welcome?x=1')).toEqual({
    id: 'shop.example',
    name: 'shop.example',
    origins: ['https://shop.example'],
  });
  expect(partyOf('https://SHOP.example:8443')).toMatchObject({ origins: ['https://shop.example:8443'] });
  expect(partyOf('http://localhost:8080/project/proj_1')).toMatchObject({
    id: 'localhost',
    origins: ['http://localhost:8080'],
  });
});

test('pages that users may be sent to are among them, where it is clear which host that is, and it is below', () => {
  const redirects = [
    'https://app.shop.example/**',
    'https://admin.shop.example:9443/callback',
    'https://app.shop.example/other',
    'https://*.shop.example/**',
    'https://**',
    'https://shop.example*/x',
    'https://myshop.example/',
    'https://shop.example.evil.example/',
    'https://other.example/',
    'http://app.shop.example/',
    'shop://callback',
  ];
  expect(partyOf('https://shop.example', {}, redirects)).toMatchObject({
    origins: ['https://shop.example', 'https://app.shop.example', 'https://admin.shop.example:9443'],
  });
});

test('its owner may say which domain, how it is called, and which pages', () => {
  expect(partyOf('https://app.shop.example', { rpId: 'shop.example', rpName: 'Shop' })).toEqual({
    id: 'shop.example',
    name: 'Shop',
    origins: ['https://app.shop.example'],
  });
  const app = `android:apk-key-hash:${'a'.repeat(43)}`;
  const origins = ['https://shop.example', app];
  expect(partyOf('shop://home', { rpId: 'shop.example', origins })).toMatchObject({ origins });
});

test.each<[string, string, Partial<AuthSettings['passkeys']>, RegExp]>([
  ['an app’s own address has no domain', 'shop://home', {}, /no web page/],
  ['an address is no domain', 'http://127.0.0.1:8080', {}, /127\.0\.0\.1: it takes a domain/],
  ['nor is one of IPv6', 'https://[2001:db8::1]/', {}, /it takes a domain/],
  ['nor a label alone, which nobody owns', 'https://shop.example', { rpId: 'example' }, /it takes a domain/],
  ['plain http is for this machine', 'http://shop.example', {}, /has to be https/],
  ['a domain elsewhere', 'https://shop.example', { rpId: 'other.example' }, /has to be https there/],
  ['a domain below the site', 'https://shop.example', { rpId: 'app.shop.example' }, /has to be https there/],
  ['one that merely ends alike', 'https://myshop.example', { rpId: 'shop.example' }, /has to be https/],
  [
    'a page that is named, and elsewhere',
    'https://shop.example',
    { origins: ['https://shop.example', 'https://other.example'] },
    /lets https:\/\/other\.example use passkeys of shop\.example/,
  ],
])('%s: there is none', (_, siteUrl, passkeys, fault) => {
  expect(partyOf(siteUrl, passkeys)).toEqual({ fault: expect.stringMatching(fault) });
});
