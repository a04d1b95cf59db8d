import fc from 'fast-check';
import { expect, test } from 'vitest';
import { normaliseEmail } from './email-address.ts';

test.each([
  ['  Ann@Example.ORG ', 'ann@example.org'],
  ['a.b+tag@sub.example.co', 'a.b+tag@sub.example.co'],
  ['zoe\u0308@bücher.example', 'zo\u00eb@bücher.example'],
])('%s is an address', (text, email) => expect(normaliseEmail(text)).toBe(email));

test.each([
  '',
  'ann',
  'ann@',
  '@example.org',
  'ann@example',
  'ann@@example.org',
  'ann@exa mple.org',
  'ann@-example.org',
  'ann@example.org, bob@example.org',
  'Ann <ann@example.org>',
  'ann\n@example.org',
  'ann\0@example.org',
  'ann\u200b@example.org',
  `${'a'.repeat(65)}@example.org`,
  `a@${'b'.repeat(60)}.${'c'.repeat(60)}.${'d'.repeat(60)}.${'e'.repeat(60)}.${'f'.repeat(60)}.org`,
])('%j is none', (text) => expect(normaliseEmail(text)).toBeUndefined());

test('a long text that is none is seen quickly', () => {
  expect(normaliseEmail(`a@${'a.'.repeat(100_000)}`)).toBeUndefined();
});

test('the form of an address is one: it is that of itself, and of any letter case', () => {
  const local = fc.string({
    unit: fc.constantFrom(...Array.from("abzAZ09.!#$%&'*+/=?^_`{|}~-éÉİßΣς")),
    minLength: 1,
    maxLength: 20,
  });
  fc.assert(
    fc.property(local, (name) => {
      const email = normaliseEmail(`${name}@Ex.museum`);
      if (email === undefined) return;
      expect(normaliseEmail(email)).toBe(email);
      expect(email).not.toMatch(/[\s\p{C}<>,;:]/u);
    }),
  );
  expect(normaliseEmail("O'Neil+Tag@EX.museum")).toBe("o'neil+tag@ex.museum");
});
