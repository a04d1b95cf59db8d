/** What a mail looks like with its variables in it; as the auth service fills them, from values of an example. */

export const VARIABLES = [
  'ConfirmationURL',
  'Token',
  'TokenHash',
  'SiteURL',
  'RedirectTo',
  'Email',
  'NewEmail',
  'OldEmail',
] as const;
export type Values = Readonly<Record<(typeof VARIABLES)[number], string>>;

const isVariable = (name: string): name is keyof Values => (VARIABLES as readonly string[]).includes(name);

/** @param escape for HTML: a value is text, never markup */
export function fillTemplate(template: string, values: Values, escape: boolean): string {
  return template.replace(/\{\{-?\s*([^{}]*?)\s*-?\}\}/g, (_, expression: string) => {
    const name = expression.replace(/^\./, '');
    const value = expression.startsWith('.') && isVariable(name) ? values[name] : '';
    return escape ? escaped(value) : value;
  });
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&#34;',
  "'": '&#39;',
};
const escaped = (text: string): string => text.replace(/[&<>"']/g, (sign) => ENTITIES[sign] ?? sign);
