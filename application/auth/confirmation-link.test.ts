import { expect, test } from 'vitest';
import { AUTH_DEFAULTS } from '../../domain/auth/auth-settings.ts';
import type { AuthProject } from './auth-project.ts';
import { confirmationLink, redirectOf } from './confirmation-link.ts';

const project = {
  url: 'https://db.example/project/p/auth/v1',
  siteUrl: 'https://app.example',
  settings: { ...AUTH_DEFAULTS, allowedRedirects: ['https://*.app.example/**'] },
} as unknown as AuthProject;

test('people come back to where they may', () => {
  expect(redirectOf(project, 'https://a.app.example/x?next=/a&x=1')).toBe(
    'https://a.app.example/x?next=/a&x=1',
  );
  expect(redirectOf(project, 'https://evil.example/')).toBe('https://app.example');
  expect(redirectOf(project, undefined)).toBe('https://app.example');
  expect(redirectOf(project, undefined, 'https://app.example/from')).toBe('https://app.example/from');
});

test('a link holds the hash, and the redirect as one value', () => {
  const redirectTo = 'https://app.example/x?next=/a&x=1#y';
  const link = new URL(confirmationLink(project, { hash: 'pkce_abc', type: 'recovery', redirectTo }));
  expect(link.origin + link.pathname).toBe('https://db.example/project/p/auth/v1/verify');
  expect([...link.searchParams]).toEqual([
    ['token', 'pkce_abc'],
    ['type', 'recovery'],
    ['redirect_to', redirectTo],
  ]);
});
