import { expect, test } from 'vitest';
import type { Project } from '../../api/api.ts';
import { shownProjects, type Filter } from './shown-projects.ts';

const of = (name: string, status: Project['status'], size: number | null, at: string) =>
  ({
    id: `proj_${name}`,
    name,
    display_name: name.toUpperCase(),
    status,
    usage: { database_size_bytes: size },
    created_at: at,
    updated_at: at,
  }) as Project;
const PROJECTS = [
  of('shop', 'active', 9, '2026-01-03'),
  of('blog', 'sleeping', null, '2026-01-02'),
  of('old', 'deleted', 5, '2026-01-01'),
  of('bad', 'failed', 7, '2026-01-04'),
  of('gone', 'purged', 1, '2026-01-05'),
];
const names = (search: string, filter: Filter, by = 'created', descending = true) =>
  shownProjects(PROJECTS, { search, filter, sorting: { by, descending } }).map(({ name }) => name);

test('newest first, and none that is purged', () => {
  expect(names('', 'every')).toEqual(['bad', 'shop', 'blog', 'old']);
});

test('by any of its names, in any case, and by all words', () => {
  expect(names('SHO', 'every')).toEqual(['shop']);
  expect(names('proj_ lo', 'every')).toEqual(['blog']);
  expect(names('shop blog', 'every')).toEqual([]);
});

test('by what state they are in', () => {
  expect(names('', 'served')).toEqual(['shop', 'blog']);
  expect(names('', 'troubled')).toEqual(['bad']);
  expect(names('', 'gone')).toEqual(['old']);
  expect(names('', 'resting')).toEqual(['blog']);
});

test('in any order; what is not measured is the smallest', () => {
  expect(names('', 'every', 'size', false)).toEqual(['blog', 'old', 'bad', 'shop']);
  expect(names('', 'every', 'name', true)).toEqual(['shop', 'old', 'blog', 'bad']);
});
