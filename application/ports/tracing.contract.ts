import { describe, expect, test } from 'vitest';
import { traced, type Tracing } from './tracing.ts';

export function tracingContract(name: string, make: () => Tracing): void {
  describe(`${name}: tracing`, () => {
    test('work runs at once, gives what it gives and throws what it throws', async () => {
      const tracing = make();
      let ran = false;
      const given = traced(tracing, { name: 'work' }, async () => {
        ran = true;
        return Promise.resolve(5);
      });
      expect(ran).toBe(true);
      expect(await given).toBe(5);
      const broken = new Error('broken');
      const failing = traced(tracing, { name: 'work', partOf: 'nothing' }, () => Promise.reject(broken));
      await expect(failing).rejects.toBe(broken);
      expect(tracing.begin({ name: 'plain' }, () => 'at once')).toBe('at once');
      await tracing.stop();
    });

    test('whatever callers send as their trace, their requests are served', () => {
      const tracing = make();
      const strange = ['', 'nonsense', '00-0-0-00', `00-${'f'.repeat(9_999)}-1-01`, '\u0000'];
      for (const traceparent of strange) {
        const partOf = { traceparent, tracestate: 'a=b,,=,c' };
        expect(tracing.begin({ name: 'request', partOf }, (span) => (span.end(), 'served'))).toBe('served');
      }
      expect(tracing.begin({ name: 'x', partOf: { traceparent: ['a', 'b'] } }, () => 'served')).toBe(
        'served',
      );
    });

    test('outside of everything there is nothing to tell another service', () => {
      expect(make().headers()).toEqual({});
    });

    test('it stops, also twice', async () => {
      const tracing = make();
      await tracing.stop();
      await tracing.stop();
      expect(tracing.begin({ name: 'afterwards' }, (span) => (span.end(), 1))).toBe(1);
    });
  });
}
