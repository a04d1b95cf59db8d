import { expect, test } from 'vitest';
import { signInPath, wayBack } from './way-back.ts';

test.each([
  ['/', ''],
  ['/projects/proj_1/tables', ''],
  ['/projects/proj_1/log', 'type=KeysRotated&actor=a%26b'],
])('%s?%s is where one comes back to', (path, search) => {
  const back = search === '' ? path : `${path}?${search}`;
  expect(wayBack(signInPath(path, search).split('?')[1] ?? '')).toBe(back);
});

test.each([
  'next=https://evil.example/',
  'next=//evil.example',
  'next=/%5Cevil.example',
  'next=javascript:alert(1)',
  'next=',
  'next=/sign-in',
  '',
])('%s leads nowhere but to the projects', (search) => {
  expect(wayBack(search)).toBe('/');
});
