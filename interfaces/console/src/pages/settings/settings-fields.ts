/**
 * A form over a part of the settings: which fields it has, what stands in them, and what of it has to be sent. Only what
 * was changed is, and a secret that was not typed anew never.
 */
import { linesOf } from '../../components/lines.ts';
import { readSize, writeSize } from '../files/byte-size.ts';

interface Base {
  /** in the settings, with dots: `password.min_length` */
  readonly path: string;
}
export type Field =
  /** whether there is all that is below it, or null */
  | (Base & { readonly kind: 'part' })
  | (Base & { readonly kind: 'switch'; readonly initial?: boolean })
  | (Base & { readonly kind: 'number'; readonly nullable?: true; readonly initial?: number })
  /** in bytes; null is no limit of its own */
  | (Base & { readonly kind: 'size' })
  | (Base & {
      readonly kind: 'text';
      readonly nullable?: true;
      readonly long?: true;
      readonly initial?: string;
    })
  /** a list, a line each */
  | (Base & { readonly kind: 'lines' })
  | (Base & { readonly kind: 'several'; readonly of: readonly string[] })
  /** '' is null */
  | (Base & { readonly kind: 'one'; readonly of: readonly string[] })
  /** `makes` one where nobody else has said which */
  | (Base & { readonly kind: 'secret'; readonly makes?: () => string });

/** `kept`: as it is; `new`: this text; `removed`: none. `isSet`: whether there is one now. */
export type SecretDraft = { readonly isSet: boolean } & (
  { readonly is: 'kept' } | { readonly is: 'new'; readonly text: string } | { readonly is: 'removed' }
);
export type DraftValue = boolean | string | readonly string[] | SecretDraft;
export type Draft = Readonly<Record<string, DraftValue>>;
export type Faults = Readonly<Record<string, string>>;
export type Settings = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Settings =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** undefined: it is not there */
function valueAt(settings: unknown, path: string): unknown {
  let value = settings;
  for (const key of path.split('.'))
    value = isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
  return value;
}

export const draftOf = (fields: readonly Field[], settings: Settings): Draft =>
  Object.fromEntries(fields.map((field) => [field.path, shown(field, valueAt(settings, field.path))]));

function shown(field: Field, value: unknown): DraftValue {
  switch (field.kind) {
    case 'part':
      return value !== null && value !== undefined;
    case 'switch':
      return value === undefined ? field.initial === true : value === true;
    case 'number':
    case 'text':
      return textOf(value ?? field.initial);
    case 'size':
      return typeof value === 'number' ? writeSize(value) : '';
    case 'lines':
      return Array.isArray(value) ? value.join('\n') : '';
    case 'several':
      return Array.isArray(value) ? value.map(String) : [];
    case 'one':
      return typeof value === 'string' ? value : (field.of[0] ?? '');
    case 'secret':
      return { is: 'kept', isSet: value === 'set' };
  }
}

export interface Read {
  /** nested; empty: nothing was changed */
  readonly change: Settings;
  /** what could not be read, by the path of its field */
  readonly faults: Faults;
}

/** @param words what is said of a number and of a size that is none */
export function readDraft(
  fields: readonly Field[],
  saved: Settings,
  draft: Draft,
  words: { readonly number: string; readonly size: string },
): Read {
  const change: Record<string, unknown> = {};
  const faults: Record<string, string> = {};
  for (const field of fields) {
    if (isOff(fields, draft, field.path)) continue;
    const before = valueAt(saved, field.path);
    const value = read(field, draft[field.path], before);
    if (value === FAULT) faults[field.path] = field.kind === 'size' ? words.size : words.number;
    else if (value !== SAME && !isSame(value, before)) put(change, field.path, value);
  }
  return { change, faults };
}

/** It is in a part that there shall not be. */
export const isOff = (fields: readonly Field[], draft: Draft, path: string): boolean =>
  fields.some(
    (part) => part.kind === 'part' && path.startsWith(`${part.path}.`) && draft[part.path] === false,
  );

const typed = (draft: DraftValue | undefined): string => (typeof draft === 'string' ? draft : '');
const textOf = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? `${value}` : '';

const SAME = Symbol('same');
const FAULT = Symbol('fault');

function read(field: Field, draft: DraftValue | undefined, before: unknown): unknown {
  switch (field.kind) {
    case 'part':
      return draft === false && before !== null && before !== undefined ? null : SAME;
    case 'switch':
      return draft === true;
    case 'number':
      return numberOf(typed(draft).trim(), field.nullable === true);
    case 'size':
      return sizeOf(typed(draft).trim());
    case 'text': {
      const text = field.long ? typed(draft) : typed(draft).trim();
      return text === '' && field.nullable ? null : text;
    }
    case 'lines':
      return linesOf(typed(draft));
    case 'several':
      return field.of.filter((one) => Array.isArray(draft) && draft.includes(one));
    case 'one':
      return draft === '' ? null : draft;
    case 'secret':
      return secretOf(draft as SecretDraft | undefined);
  }
}

function numberOf(text: string, isNullable: boolean): unknown {
  if (text === '') return isNullable ? null : FAULT;
  const number = Number(text);
  return Number.isFinite(number) ? number : FAULT;
}
const sizeOf = (text: string): unknown => (text === '' ? null : (readSize(text) ?? FAULT));

function secretOf(draft: SecretDraft | undefined): unknown {
  if (draft?.is === 'removed') return null;
  return draft?.is === 'new' && draft.text !== '' ? draft.text : SAME;
}

/** Of what was not there, null and nothing chosen say nothing new. */
function isSame(value: unknown, before: unknown): boolean {
  if (before === undefined && (value === null || (Array.isArray(value) && value.length === 0))) return true;
  return JSON.stringify(value) === JSON.stringify(before);
}

function put(into: Record<string, unknown>, path: string, value: unknown): void {
  const [key = '', ...rest] = path.split('.');
  if (rest.length === 0) {
    into[key] = value;
    return;
  }
  const below = isObject(into[key]) ? { ...into[key] } : {};
  put(below, rest.join('.'), value);
  into[key] = below;
}

/** As the server tells faults: `/body/settings/smtp/host`. */
export interface PointedFault {
  readonly pointer: string;
  readonly detail: string;
}

/**
 * Each fault at its field, or at the nearest that is around it.
 * @param prefix of pointers into the settings, such as `/body/settings`
 * @returns `rest`: those of no field of the form
 */
export function placeFaults(
  fields: readonly Field[],
  faults: readonly PointedFault[],
  prefix: string,
): { readonly placed: Faults; readonly rest: readonly string[] } {
  const placed: Record<string, string> = {};
  const rest: string[] = [];
  for (const { pointer, detail } of faults) {
    const path = pointer.startsWith(`${prefix}/`)
      ? pointer.slice(prefix.length + 1).replaceAll('/', '.')
      : '';
    const field = nearest(fields, path);
    if (field === undefined) rest.push(detail);
    else placed[field.path] = [placed[field.path], detail].filter((text) => text !== undefined).join(' ');
  }
  return { placed, rest };
}

function nearest(fields: readonly Field[], path: string): Field | undefined {
  const around = fields.filter((field) => path === field.path || path.startsWith(`${field.path}.`));
  return around.toSorted((a, b) => b.path.length - a.path.length)[0];
}
