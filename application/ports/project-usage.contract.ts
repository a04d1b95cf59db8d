import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newProject } from './databases.contract.ts';
import type { ProjectUsage } from './project-usage.ts';

export interface ProjectUsageHarness {
  readonly usage: ProjectUsage;
  close(): Promise<void>;
}

const at = (text: string) => new Date(`2026-03-01T${text}Z`);

export function projectUsageContract(name: string, make: () => Promise<ProjectUsageHarness>): void {
  describe(`${name}: how projects are used`, () => {
    let harness: ProjectUsageHarness;
    let usage: ProjectUsage;
    beforeAll(async () => {
      harness = await make();
      ({ usage } = harness);
    });
    afterAll(() => harness.close());

    test('requests of a minute add up, of connections the most and of sizes the last are kept', async () => {
      const id = newProject();
      const seen = [
        ['10:00:05', { requests: 3, connections: 2 }],
        ['10:00:55', { requests: 4, connections: 1, sizeBytes: 8_000_000 }],
        ['10:01:00', { connections: 4 }],
        ['11:30:00', { requests: 1, sizeBytes: 9_000_000_000_000 }],
      ] as const;
      for (const [time, use] of seen) await usage.record(new Map([[id, use]]), at(time));
      expect(await usage.samplesOf(id, 'minute', at('10:00:30'))).toEqual({
        samples: [
          { at: at('10:00:00'), requests: 7, connections: 2, sizeBytes: 8_000_000 },
          { at: at('10:01:00'), requests: 0, connections: 4, sizeBytes: null },
          { at: at('11:30:00'), requests: 1, connections: null, sizeBytes: 9_000_000_000_000 },
        ],
        sizeBefore: null,
      });
      expect(await usage.samplesOf(id, 'hour', at('11:00:00'))).toEqual({
        samples: [{ at: at('11:00:00'), requests: 1, connections: null, sizeBytes: 9_000_000_000_000 }],
        sizeBefore: 8_000_000,
      });
    });

    test('of several who tell of the same minute nothing is lost, and nobody else has any of it', async () => {
      const [id, other] = [newProject(), newProject()];
      const tell = () =>
        usage.record(new Map([id, other].map((one) => [one, { requests: 2 }])), at('12:00:01'));
      const back = () =>
        usage.record(new Map([other, id].map((one) => [one, { requests: 1 }])), at('12:00:02'));
      await Promise.all([tell(), back(), tell(), back()]);
      const { samples } = await usage.samplesOf(id, 'minute', at('00:00:00'));
      expect(samples.map(({ requests }) => requests)).toEqual([6]);
      expect(await usage.samplesOf(newProject(), 'minute', at('00:00:00'))).toEqual({
        samples: [],
        sizeBefore: null,
      });
      await usage.record(new Map(), at('12:00:00'));
    });

    test('the last use is by requests and whoever is seen, never by how large it is, and never goes back', async () => {
      const [asked, seen, large, unknown] = [newProject(), newProject(), newProject(), newProject()];
      const all = [asked, seen, large, unknown];
      await usage.record(
        new Map([
          [asked, { requests: 1 }],
          [seen, { isUsed: true, connections: 1 }],
          [large, { sizeBytes: 1, connections: 3, requests: 0 }],
        ]),
        at('10:00:00'),
      );
      const first = [
        [asked, at('10:00:00')],
        [seen, at('10:00:00')],
      ] as const;
      expect(await usage.lastUses(all)).toEqual(new Map(first));
      await usage.record(new Map([[asked, { requests: 1 }]]), at('09:00:00'));
      await usage.record(new Map([[seen, { requests: 1 }]]), at('10:00:01'));
      await usage.record(new Map([[seen, { connections: 1 }]]), at('10:00:02'));
      expect(await usage.lastUses(all)).toEqual(new Map([first[0], [seen, at('10:00:01')]]));
      expect(await usage.lastUses([])).toEqual(new Map());
    });

    test('minutes are kept for a day and hours for 30, and of who is forgotten nothing', async () => {
      const [kept, gone] = [newProject(), newProject()];
      for (const time of ['2026-01-01T00:00:00Z', '2026-01-30T12:00:00Z', '2026-01-31T11:59:00Z'])
        await usage.record(new Map([kept, gone].map((id) => [id, { requests: 1 }])), new Date(time));
      const times = async (per: 'minute' | 'hour') => {
        const { samples } = await usage.samplesOf(kept, per, new Date('2026-01-01T00:00:00Z'));
        return samples.map((sample) => sample.at.toISOString().slice(8, 16));
      };
      expect(await times('minute')).toHaveLength(3);
      await usage.prune(new Date('2026-01-31T12:00:01Z'));
      expect(await times('minute')).toEqual(['31T11:59']);
      expect(await times('hour')).toEqual(['30T12:00', '31T11:00']);
      await usage.forget([gone]);
      await usage.forget([]);
      expect(await usage.samplesOf(gone, 'hour', new Date(0))).toEqual({ samples: [], sizeBefore: null });
      expect(await usage.lastUses([gone, kept])).toEqual(new Map([[kept, new Date('2026-01-31T11:59:00Z')]]));
      const known = await usage.projects();
      expect([known.includes(kept), known.includes(gone)]).toEqual([true, false]);
    });
  });
}
