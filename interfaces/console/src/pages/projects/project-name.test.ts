import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isProjectName } from '../../../../../domain/project/project-id.ts';
import { isGoodName, nameFrom } from './project-name.ts';

test.each([
  ['My Shop', 'my-shop'],
  ['  Café Zwölf! ', 'cafe-zwolf'],
  ['__x  y__', 'x-y__'],
  ['漢字', ''],
  ['a'.repeat(100), 'a'.repeat(64)],
])('%j -> %j', (title, name) => {
  expect(nameFrom(title)).toBe(name);
});

test('what it calls good is what the platform takes', () => {
  const names = fc.oneof(fc.stringMatching(/^[a-zA-Z0-9_-]{0,70}$/), fc.string());
  fc.assert(
    fc.property(names, (name) => {
      expect(isGoodName(name)).toBe(isProjectName(name));
    }),
  );
});

test('whatever it makes is good, or too short', () => {
  fc.assert(
    fc.property(fc.string(), (title) => {
      const name = nameFrom(title);
      expect(name.length < 3 || isGoodName(name)).toBe(true);
    }),
  );
});
