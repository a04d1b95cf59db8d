/** SQL made of names and texts that anybody may have chosen. */

/** A name, quoted always: what is shown is what runs, whatever words a later PostgreSQL reserves. */
export const identifier = (name: string): string => `"${name.replaceAll('"', '""')}"`;

export const qualified = (schema: string, name: string): string =>
  `${identifier(schema)}.${identifier(name)}`;

/** A text, for where parameters cannot be; sessions of the platform's have standard_conforming_strings on. */
export const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** A text that may itself hold dollar quotes. */
export function dollarQuoted(text: string): string {
  let tag = 'sql';
  while (text.includes(`$${tag}$`) || text.endsWith(`$${tag}`)) tag += '_';
  return `$${tag}$${text}$${tag}$`;
}
