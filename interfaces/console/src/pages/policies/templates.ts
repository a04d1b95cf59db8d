/** Policies that people write again and again. */
import type { Policy } from '../../data/catalogue.ts';
import { identifier } from '../../data/quote.ts';

export type TemplateName =
  | 'everybody-reads'
  | 'signed-in-read'
  | 'own-rows'
  | 'own-insert'
  | 'own-update'
  | 'own-delete'
  | 'admins'
  | 'members'
  | 'second-factor'
  | 'blank';

interface Template {
  readonly name: TemplateName;
  /** it compares a column of the table with who asks */
  readonly needsColumn: boolean;
  readonly make: (column: string) => Policy;
}

/** In a SELECT of its own, PostgreSQL asks once for a statement and not once for each row. */
const ME = '(SELECT auth.uid())';
const CLAIMS = '(SELECT auth.jwt())';

const policy = (name: string, command: Policy['command'], change: Partial<Policy>): Policy => ({
  name,
  command,
  permissive: true,
  roles: ['authenticated'],
  using: null,
  check: null,
  ...change,
});
const mine = (column: string) => `${ME} = ${identifier(column)}`;

export const TEMPLATES: readonly Template[] = [
  {
    name: 'everybody-reads',
    needsColumn: false,
    make: () => policy('Everybody reads', 'SELECT', { roles: ['anon', 'authenticated'], using: 'true' }),
  },
  {
    name: 'signed-in-read',
    needsColumn: false,
    make: () => policy('Who is signed in reads', 'SELECT', { using: 'true' }),
  },
  {
    name: 'own-rows',
    needsColumn: true,
    make: (column) => policy('Own rows', 'ALL', { using: mine(column), check: mine(column) }),
  },
  {
    name: 'own-insert',
    needsColumn: true,
    make: (column) => policy('Insert own rows', 'INSERT', { check: mine(column) }),
  },
  {
    name: 'own-update',
    needsColumn: true,
    make: (column) => policy('Change own rows', 'UPDATE', { using: mine(column), check: mine(column) }),
  },
  {
    name: 'own-delete',
    needsColumn: true,
    make: (column) => policy('Delete own rows', 'DELETE', { using: mine(column) }),
  },
  {
    name: 'admins',
    needsColumn: false,
    make: () => {
      const admin = `${CLAIMS} -> 'app_metadata' ->> 'role' = 'admin'`;
      return policy('Admins do everything', 'ALL', { using: admin, check: admin });
    },
  },
  {
    name: 'members',
    needsColumn: true,
    make: (column) => {
      const team = identifier(column);
      return policy('Members of the team read', 'SELECT', {
        using: `${team} IN (SELECT team_id FROM members WHERE user_id = ${ME})`,
      });
    },
  },
  {
    name: 'second-factor',
    needsColumn: false,
    make: () =>
      policy('Only with a second factor', 'ALL', {
        permissive: false,
        using: `${CLAIMS} ->> 'aal' = 'aal2'`,
      }),
  },
  {
    name: 'blank',
    needsColumn: false,
    make: () => policy('', 'SELECT', { using: 'true' }),
  },
];

const USUAL = ['user_id', 'owner_id', 'owner', 'author_id', 'created_by', 'profile_id'];

/**
 * The column that most likely holds whose row it is.
 * @param uuids of these, what may hold the id of a user
 */
export const ownerColumn = (columns: readonly string[], uuids: readonly string[]): string | undefined =>
  USUAL.find((name) => uuids.includes(name)) ??
  uuids.find((name) => name !== 'id') ??
  USUAL.find((name) => columns.includes(name)) ??
  columns.find((name) => name.endsWith('_id')) ??
  columns[0];

/** A name that the table's policies do not have yet. */
export function freeName(name: string, taken: readonly string[]): string {
  let free = name;
  for (let count = 2; taken.includes(free); count++) free = `${name} ${count}`;
  return free;
}
