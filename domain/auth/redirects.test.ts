import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { allowedRedirect, redirectFor, withFragment, withQuery } from './redirects.ts';

const rules = {
  siteUrl: 'https://app.example.com/start',
  allowed: [
    'https://*.preview.example.com/**',
    'https://docs.example.com/callback',
    'https://docs.example.com/team/*/done',
    'myapp://auth/**',
    'com.example.app:/callback',
    'https://Bücher.example:443/*',
  ],
};

describe('an address is allowed', () => {
  test.each([
    ['https://app.example.com', 'https://app.example.com/'],
    ['https://APP.example.com:443/a/../b?next=/a&x=1', 'https://app.example.com/b?next=/a&x=1'],
    ['https://app.example.com/#/route', 'https://app.example.com/#/route'],
    ['http://127.0.0.1:5173/x', 'http://127.0.0.1:5173/x'],
    ['http://127.9.9.9/', 'http://127.9.9.9/'],
    ['http://[::1]:3000/', 'http://[::1]:3000/'],
    ['https://pr-12.preview.example.com/deep/er.html', 'https://pr-12.preview.example.com/deep/er.html'],
    ['https://docs.example.com/callback', 'https://docs.example.com/callback'],
    [
      'https://docs.example.com/callback?sb_flow_id=1.2/3',
      'https://docs.example.com/callback?sb_flow_id=1.2/3',
    ],
    [
      'https://docs.example.com/callback#anything.at/all',
      'https://docs.example.com/callback#anything.at/all',
    ],
    ['https://docs.example.com/team/red-1/done', 'https://docs.example.com/team/red-1/done'],
    ['myapp://auth/done?x=1', 'myapp://auth/done?x=1'],
    ['com.example.app:/callback', 'com.example.app:/callback'],
    ['https://bücher.example/x', 'https://xn--bcher-kva.example/x'],
  ])('%s', (text, sent) => expect(allowedRedirect(text, rules)).toBe(sent));

  test('on another port of this machine, when the site is there', () => {
    const here = { siteUrl: 'http://localhost:3000', allowed: [] };
    expect(allowedRedirect('http://localhost:5173/a', here)).toBe('http://localhost:5173/a');
    expect(allowedRedirect('http://localhost.example.com:3000/', here)).toBeUndefined();
    expect(allowedRedirect('http://localhost:5173/a', rules)).toBeUndefined();
  });

  test('anywhere, when the owner says so; but nothing that a browser would run', () => {
    const all = { ...rules, allowed: ['**', 'javascript:**', 'data:**'] };
    expect(allowedRedirect('https://other.example/a?b', all)).toBe('https://other.example/a?b');
    expect(allowedRedirect('other:/x', all)).toBe('other:/x');
    for (const text of [
      'javascript:alert(1)',
      'JavaScript:alert(1)',
      'data:text/html,x',
      'file:///etc/passwd',
    ])
      expect(allowedRedirect(text, all)).toBeUndefined();
  });
});

describe('an address is not allowed', () => {
  test.each([
    'http://app.example.com/',
    'https://app.example.com:8443/',
    'https://app.example.com.evil.example/',
    'https://evil.example/https://app.example.com/',
    'https://evil.example/?https://app.example.com',
    'https://evil.example#https://app.example.com',
    'https://app.example.com@evil.example/',
    'https://app.example.com:x@evil.example/',
    'https://user@app.example.com/',
    'https://app.example.com\\@evil.example/',
    'https:\\\\app.example.com/',
    'https:app.example.com',
    'https:/app.example.com',
    'https:///app.example.com',
    '//app.example.com/',
    '//evil.example',
    '/path',
    'app.example.com',
    '',
    'javascript:alert(1)',
    'java\nscript:alert(1)',
    'data:text/html,x',
    ' https://app.example.com/',
    'https://app.example.com/\n',
    'https://app.exam\tple.com/',
    'https://app.example.com/\0',
    'https://app.example.com./',
    'https://аpp.example.com/',
    'https://app%2eexample.com.evil.example/',
    'https://app.example.com%2f.evil.example/',
    'https://a.b.preview.example.com/',
    'https://evil.example/.preview.example.com/',
    'https://evil.example?.preview.example.com/',
    'https://preview.example.com/',
    'https://docs.example.com/callback/more',
    'https://docs.example.com/callbackmore',
    'https://docs.example.com/team/a/b/done',
    'https://docs.example.com/team/a.b/done',
    'http://0.0.0.0/',
    'http://[::ffff:127.0.0.1]/',
    'http://127.0.0.1.evil.example/',
    'ftp://127.0.0.1/',
    'myapp://other/done',
    'myapps://auth/done',
    'com.example.app:/callbacks',
  ])('%j', (text) => expect(allowedRedirect(text, rules)).toBeUndefined());

  test('that is longer than any browser sends', () => {
    expect(allowedRedirect(`https://app.example.com/${'a'.repeat(2_048)}`, rules)).toBeUndefined();
  });

  test('whatever stands around the name of the site: a browser would stay there', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        'https:',
        'http:',
        '//',
        '/',
        '\\',
        '@',
        ':',
        '.',
        '?',
        '#',
        '%2e',
        '%40',
        '\t',
        'evil.example',
        'app.example.com',
        ' ',
      ),
      fc.string({ maxLength: 3, unit: 'binary' }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const sent = allowedRedirect(pieces.join(''), { siteUrl: rules.siteUrl, allowed: [] });
        if (sent === undefined) return;
        const { origin, hostname, username } = new URL(sent);
        expect(
          origin === 'https://app.example.com' || hostname === '[::1]' || hostname.startsWith('127.'),
        ).toBe(true);
        expect(username).toBe('');
      }),
      { numRuns: 1_000 },
    );
  });

  test('a pattern with many stars takes no longer than its length allows', () => {
    const allowed = Array.from({ length: 20 }, () => `https://x.example/${'**a*'.repeat(60)}b`);
    expect(allowedRedirect(`https://x.example/${'a'.repeat(1_900)}`, { ...rules, allowed })).toBeUndefined();
  });
});

test('what was asked for, else the page that asked, else the site', () => {
  const [good, bad] = ['https://docs.example.com/callback', 'https://evil.example/'];
  expect(redirectFor(good, 'https://app.example.com/x', rules)).toBe(good);
  expect(redirectFor(bad, 'https://app.example.com/x', rules)).toBe('https://app.example.com/x');
  expect(redirectFor(undefined, undefined, rules)).toBe(rules.siteUrl);
  expect(redirectFor(bad, bad, rules)).toBe(rules.siteUrl);
});

describe('fields are added', () => {
  test('to a query that stays as it is', () => {
    expect(withQuery('https://a.example/b?next=/a&x=1&y=%20+z#part', { code: 'c d' })).toBe(
      'https://a.example/b?next=/a&x=1&y=%20+z&code=c+d',
    );
    expect(withQuery('myapp://auth', { code: '1' })).toBe('myapp://auth?code=1');
  });

  test('in place of those of the same name: nobody brings a code of their own along', () => {
    expect(withQuery('https://a.example/?code=evil&c%6fde=evil&x=1', { code: 'ours' })).toBe(
      'https://a.example/?x=1&code=ours',
    );
  });

  test('to the fragment, with the query as it is', () => {
    expect(withFragment('https://a.example/b?next=/a#old', { a: '1', sb: '' })).toBe(
      'https://a.example/b?next=/a#a=1&sb=',
    );
  });

  test('whatever they hold, and whatever was there', () => {
    fc.assert(
      fc.property(
        fc.webUrl({ withQueryParameters: true }),
        fc.string({ unit: 'binary' }),
        (address, value) => {
          const url = new URL(withQuery(address, { code: value.toWellFormed() }));
          expect(url.searchParams.getAll('code')).toEqual([value.toWellFormed()]);
          expect(url.origin).toBe(new URL(address).origin);
          const before = new URL(address).searchParams;
          before.delete('code');
          url.searchParams.delete('code');
          expect([...url.searchParams].filter(([name]) => name)).toEqual(
            [...before].filter(([name]) => name),
          );
        },
      ),
    );
  });
});
