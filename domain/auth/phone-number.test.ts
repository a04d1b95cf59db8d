import { expect, test } from 'vitest';
import { normalisePhone } from './phone-number.ts';

test('a number is stored as digits alone', () => {
  for (const text of ['+49 170 1234567', '491701234567', '+49 (170) 123-4567'])
    expect(normalisePhone(text)).toBe('491701234567');
});

test.each(['', '+', '0170123456', '12345', '1234567890123456', '+49170a', '٤٩١٧٠١٢٣٤٥٦٧', '++4917012345'])(
  '%j is none',
  (text) => {
    expect(normalisePhone(text)).toBeUndefined();
  },
);
