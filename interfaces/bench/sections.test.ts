import { expect, test } from 'vitest';
import { loadSection, SECTIONS } from './sections.ts';

test.each(SECTIONS)(
  '%s can be loaded, is what the table says, and has one main group at most',
  async (name) => {
    const { name: own, summary, groups } = await loadSection(name);
    expect(own).toBe(name);
    expect(summary).not.toBe('');
    const names = groups.map((group) => group.name);
    expect(new Set(names).size).toBe(names.length);
    expect(groups.filter(({ main }) => main).length).toBeLessThanOrEqual(1);
  },
);

test('a section that there is not is an error', async () => {
  await expect(loadSection('nothing')).rejects.toThrow('no section nothing');
});
