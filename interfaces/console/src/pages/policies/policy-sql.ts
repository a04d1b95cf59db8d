/** Statements that make, change and drop policies. They are shown before they run. */
import type { Policy } from '../../data/catalogue.ts';
import { identifier, qualified } from '../../data/quote.ts';

export interface PolicyPlace {
  readonly schema: string;
  readonly table: string;
}

/** A role that stands for everybody is a word, not a name. */
const role = (name: string): string => (name === 'public' ? 'public' : identifier(name));

const on = ({ schema, table }: PolicyPlace): string => `ON ${qualified(schema, table)}`;

/** INSERT has no row to look at before; reading and deleting leave none to check. */
export const takesUsing = (command: Policy['command']): boolean => command !== 'INSERT';
export const takesCheck = (command: Policy['command']): boolean =>
  command !== 'SELECT' && command !== 'DELETE';

export function createPolicy(place: PolicyPlace, policy: Policy): string {
  const { name, permissive, command, roles } = policy;
  return `${[
    `CREATE POLICY ${identifier(name)} ${on(place)}`,
    `  AS ${permissive ? 'PERMISSIVE' : 'RESTRICTIVE'} FOR ${command} TO ${roles.map(role).join(', ')}`,
    ...conditions(policy),
  ].join('\n')};`;
}

function conditions({ command, using, check }: Policy): string[] {
  return [
    ...(takesUsing(command) && using ? [`  USING (${using})`] : []),
    ...(takesCheck(command) && check ? [`  WITH CHECK (${check})`] : []),
  ];
}

export const dropPolicy = (place: PolicyPlace, name: string): string =>
  `DROP POLICY ${identifier(name)} ${on(place)};`;

/**
 * What ALTER POLICY can change it changes; anything else, such as the command, takes a new policy in the old one's place,
 * both statements in one transaction.
 * @returns an empty text where nothing is different
 */
export function alterPolicy(place: PolicyPlace, from: Policy, to: Policy): string {
  const lost = (key: 'using' | 'check') => from[key] !== null && !to[key];
  if (from.command !== to.command || from.permissive !== to.permissive || lost('using') || lost('check'))
    return `${dropPolicy(place, from.name)}\n${createPolicy(place, to)}`;
  const clauses = [
    ...(from.roles.join() === to.roles.join() ? [] : [`  TO ${to.roles.map(role).join(', ')}`]),
    ...conditions({
      ...to,
      using: from.using === to.using ? null : to.using,
      check: from.check === to.check ? null : to.check,
    }),
  ];
  const alter = `ALTER POLICY ${identifier(from.name)} ${on(place)}`;
  return [
    ...(clauses.length === 0 ? [] : [`${[alter, ...clauses].join('\n')};`]),
    ...(from.name === to.name ? [] : [`${alter} RENAME TO ${identifier(to.name)};`]),
  ].join('\n');
}
