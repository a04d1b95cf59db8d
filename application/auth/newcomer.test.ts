import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

test('whoever makes a user asks the project’s hook first; an owner’s own hand does not', () => {
  const folder = new URL('./', import.meta.url);
  const makers = readdirSync(folder).filter((name) => {
    const isCode = name.endsWith('.ts') && !name.endsWith('.test.ts');
    return isCode && readFileSync(new URL(name, folder), 'utf8').includes('users.insert(');
  });
  const unasked = makers.filter(
    (name) => !readFileSync(new URL(name, folder), 'utf8').includes("'./newcomer.ts'"),
  );
  expect(unasked).toEqual(['create-user.ts', 'import-users.ts']);
});
