/** A mail from its template. */
import type { MailTemplate } from './auth-settings.ts';
import type { JsonObject } from './user.ts';

/** By the names that templates have for them. */
export interface MailVariables {
  /** confirms by a click */
  readonly ConfirmationURL: string;
  /** to be typed */
  readonly Token: string;
  /** for a page of the project's own, which sends it by POST */
  readonly TokenHash: string;
  readonly SiteURL: string;
  readonly RedirectTo: string;
  /** the address as it is now */
  readonly Email: string;
  readonly NewEmail: string;
  readonly OldEmail: string;
  /** the user's own metadata */
  readonly Data: JsonObject;
}

export type MailContent = MailTemplate;

/** What stands for one variable, and a whole part, in characters: metadata is the user's own, and large if they like. */
const MOST_OF_ONE = 4_096;
const MOST_OF_ALL = 100_000;
const ACTION = /\{\{-?\s*(.*?)\s*-?\}\}/gs;
const VARIABLE = /^\.([A-Za-z]+)((?:\.[A-Za-z0-9_]+)*)$/;

/** What a template names and nobody knows is left empty. Whatever a variable stands for is text, and no template again. */
export function renderMail(template: MailTemplate, variables: MailVariables): MailContent {
  return {
    subject: filled(template.subject, variables, (text) => text)
      .replaceAll(/[\s\p{C}]+/gu, ' ')
      .trim()
      .slice(0, 250),
    text: filled(template.text, variables, (text) => text),
    html: filled(template.html, variables, escaped),
  };
}

function filled(template: string, variables: MailVariables, escape: (text: string) => string): string {
  let left = MOST_OF_ALL;
  const text = template.slice(0, MOST_OF_ALL).replaceAll(ACTION, (_whole, action: string) => {
    const value = escape(valueOf(action, variables).slice(0, MOST_OF_ONE));
    left -= value.length;
    return left < 0 ? '' : value;
  });
  return text.slice(0, 2 * MOST_OF_ALL).toWellFormed();
}

function valueOf(action: string, { Data, ...plain }: MailVariables): string {
  const [, name = '', path = ''] = VARIABLE.exec(action) ?? [];
  if (name === 'Data') return scalar(within(Data, path.split('.').slice(1)));
  return path === '' ? scalar(within(plain, [name])) : '';
}

/** own members only: a template names no `constructor` */
const within = (object: unknown, path: readonly string[]): unknown =>
  path.reduce<unknown>(
    (at, key) =>
      typeof at === 'object' && at !== null && Object.hasOwn(at, key)
        ? (at as Record<string, unknown>)[key]
        : undefined,
    object,
  );

function scalar(value: unknown): string {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const escaped = (text: string): string => text.replaceAll(/[&<>"']/g, (char) => ENTITIES[char] ?? char);
