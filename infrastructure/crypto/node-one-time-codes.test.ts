import { expect, test } from 'vitest';
import { oneTimeCodesContract } from '../../application/ports/one-time-codes.contract.ts';
import { nodeOneTimeCodes } from './node-one-time-codes.ts';

oneTimeCodesContract('node', nodeOneTimeCodes);

test('a code that Node could not draw is refused', () => {
  for (const digits of [0, 15, 1.5, Number.NaN])
    expect(() => nodeOneTimeCodes.randomDigits(digits)).toThrow(RangeError);
});
