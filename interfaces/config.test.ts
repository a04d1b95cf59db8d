import { describe, expect, test } from 'vitest';
import { InvalidConfiguration, readConfig } from './config.ts';

describe('where owners’ clients reach databases', () => {
  const read = (PUBLIC_POOLER_URL: string) => readConfig({ PUBLIC_POOLER_URL }).PUBLIC_POOLER_URL;

  test.each([
    ['postgresql://db.example.com:6432?sslmode=require', 'db.example.com', 6432, '?sslmode=require'],
    ['postgres://db.example.com', 'db.example.com', 5432, ''],
    ['postgres://[2001:db8::1]:6432/', '[2001:db8::1]', 6432, ''],
  ])('%s', (text, host, port, query) => expect(read(text)).toEqual({ host, port, query }));

  test('nowhere, or not said', () => {
    expect(read('none')).toBeNull();
    expect(read('')).toBeUndefined();
  });

  test.each([
    'db.example.com:6432',
    'https://db.example.com',
    'postgresql://',
    'postgresql:///',
    'postgresql://me@db.example.com',
    'postgresql://:secret@db.example.com',
    'postgresql://db.example.com/shop',
    'postgresql://db.example.com#part',
    'postgresql://db.example.com:99999',
  ])('%s is refused with what it should look like', (text) => {
    expect(() => read(text)).toThrow(InvalidConfiguration);
    expect(() => read(text)).toThrow(/PUBLIC_POOLER_URL: must be like postgresql:.*"none"/);
  });
});
