import { expect, test } from 'vitest';
import { projectId } from '../../domain/project/project-id.ts';
import type { ProjectStatus } from '../../domain/project/project.ts';
import { Refused } from '../errors.ts';
import { planUpgrades, type Behind } from './plan-upgrades.ts';

const idOf = (nth: number) => projectId(`proj_${String(nth).padStart(16, '0')}`);
const behind = (...statuses: readonly ProjectStatus[]): Behind[] =>
  statuses.map((status, nth) => ({ id: idOf(nth), name: `p${nth}`, status, templateVersion: 5 }));

test('the oldest that is awake goes first, then the others in service, oldest first', () => {
  const plan = planUpgrades(
    behind('paused', 'sleeping', 'active', 'active', 'waking', 'deleted', 'suspended'),
  );
  expect(plan.canary).toBe(idOf(2));
  expect(plan.others).toEqual([idOf(1), idOf(3), idOf(4)]);
  expect(plan.lines.map(({ will }) => will)).toEqual([
    'later: when it is resumed',
    'upgraded while it serves',
    'upgraded first and alone: the canary',
    'upgraded while it serves',
    'upgraded when it is awake',
    'later: if its deletion is taken back',
    'later: an operator has to look at it first',
  ]);
});

test('where all sleep, the oldest of those is the canary; where none is in service, there is none', () => {
  expect(planUpgrades(behind('sleeping', 'sleeping')).canary).toBe(idOf(0));
  expect(planUpgrades(behind('paused', 'failed'))).toMatchObject({ canary: undefined, others: [] });
  expect(planUpgrades([])).toEqual({ canary: undefined, others: [], lines: [] });
});

test('another canary is chosen by the operator, if it can be one', () => {
  expect(planUpgrades(behind('active', 'sleeping'), idOf(1))).toMatchObject({
    canary: idOf(1),
    others: [idOf(0)],
  });
  expect(() => planUpgrades(behind('active', 'paused'), idOf(1))).toThrow(Refused);
  expect(() => planUpgrades(behind('active'), idOf(7))).toThrow('cannot be the canary');
});
