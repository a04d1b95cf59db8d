/** Everything that is set of a project, fact by fact, as people read it; and in which facts two moments differ. */
import { bytesText } from '../../components/amounts.tsx';
import { time as texts } from '../../texts/en/time.ts';

/** What the platform answers to /state, as far as it is looked into here: any JSON. */
export type State = Readonly<Record<string, unknown>>;

export interface Fact {
  /** `project.settings.data_api.max_rows` */
  readonly path: string;
  readonly group: string;
  readonly label: string;
  readonly value: string;
}

export interface Difference {
  readonly path: string;
  readonly group: string;
  readonly label: string;
  /** undefined: there was no such thing */
  readonly was: string | undefined;
  readonly is: string | undefined;
}

/** Which parts of a state are shown, in this order. What is not here is measured, or a number of ours. */
const PARTS: readonly { readonly at: readonly string[]; readonly group: string }[] = [
  { at: ['project', 'display_name'], group: texts.groups.project },
  { at: ['project', 'status'], group: texts.groups.project },
  { at: ['project', 'waits_for'], group: texts.groups.project },
  { at: ['project', 'purge_after'], group: texts.groups.project },
  { at: ['project', 'template_version'], group: texts.groups.project },
  { at: ['project', 'usage', 'database'], group: texts.groups.project },
  { at: ['project', 'settings', 'data_api'], group: texts.groups.dataApi },
  { at: ['project', 'limits'], group: texts.groups.limits },
  { at: ['auth_settings'], group: texts.groups.auth },
  { at: ['storage_settings'], group: texts.groups.storage },
  { at: ['s3_keys'], group: texts.groups.keys },
  { at: ['signing_keys'], group: texts.groups.keys },
];

/** In the order in which they are shown. */
export function factsOf(state: State): readonly Fact[] {
  return PARTS.flatMap(({ at, group }) => {
    const value = at.reduce<unknown>((inside, name) => (isRecord(inside) ? inside[name] : undefined), state);
    return value === undefined ? [] : leavesOf(at, value).map(([path, leaf]) => factOf(path, group, leaf));
  });
}

/** What is no list of settings any more. */
function leavesOf(path: readonly string[], value: unknown): [readonly string[], unknown][] {
  const whole = path.at(-1) === 'waits_for';
  if (!isRecord(value) || whole || Object.keys(value).length === 0) return [[path, value]];
  return Object.entries(value).flatMap(([name, one]) => leavesOf([...path, name], one));
}

function factOf(path: readonly string[], group: string, value: unknown): Fact {
  return { path: path.join('.'), group, label: labelOf(path), value: valueText(path.at(-1) ?? '', value) };
}

/** What stands around a setting is part of its name where that name alone says too little. */
const AROUND: ReadonlySet<string> = new Set([
  'project',
  'settings',
  'data_api',
  'limits',
  'auth_settings',
  'storage_settings',
]);

function labelOf(path: readonly string[]): string {
  const named = texts.labels[path.join('.')];
  if (named !== undefined) return named;
  const words = path
    .filter((name) => !AROUND.has(name))
    .map((name) => texts.words[name] ?? name.replaceAll('_', ' '));
  const text = words.join(': ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** more of a text, such as a mail's, would be no fact any more */
const LONGEST = 80;

/** @param name of the setting: what it is counted in */
export function valueText(name: string, value: unknown): string {
  if (value === null) return texts.nothing[name] ?? texts.none;
  if (typeof value === 'boolean') return value ? texts.on : texts.off;
  if (typeof value === 'number') return numberText(name, value);
  if (typeof value === 'string') return stringText(name, value);
  if (Array.isArray(value))
    return value.length === 0 ? texts.none : value.map((one) => itemText(name, one)).join(', ');
  if (!isRecord(value) || Object.keys(value).length === 0) return texts.none;
  return texts.waitsFor(String(value['step']), Number(value['attempts']), String(value['reason']));
}

function numberText(name: string, value: number): string {
  if (/bytes|size_limit/.test(name)) return bytesText(value);
  return `${value.toLocaleString('en')}${/(_s|_seconds)$/.test(name) ? ' s' : name.endsWith('_ms') ? ' ms' : ''}`;
}

function stringText(name: string, value: string): string {
  const named = texts.values[name]?.[value];
  if (named !== undefined) return named;
  if (/_(after|until|at)$/.test(name)) return moment.format(new Date(value));
  if (value.length <= LONGEST) return value;
  return `${value.slice(0, LONGEST)}… ${texts.characters(value.length)}`;
}

const moment = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short' });

/** One key of several. */
function itemText(name: string, item: unknown): string {
  if (!isRecord(item)) return String(item);
  if (name === 's3_keys') return `${String(item['name'])} (${String(item['id'])})`;
  return texts.signingKey(
    typeof item['kid'] === 'string' ? item['kid'] : undefined,
    String(item['algorithm']),
    String(item['status']),
  );
}

/**
 * In which facts two states differ, in the order in which they are shown. Texts that are cut alike differ all the same.
 */
export function differencesOf(was: State, is: State): readonly Difference[] {
  const [before, after] = [factsOf(was), factsOf(is)];
  const [old, fresh] = [byPath(before), byPath(after)];
  const paths = new Map([...after, ...before].map((fact) => [fact.path, fact]));
  return [...paths.values()]
    .filter(({ path }) => !isSame(at(was, path), at(is, path)))
    .map(({ path, group, label }) => ({
      path,
      group,
      label,
      was: old.get(path)?.value,
      is: fresh.get(path)?.value,
    }));
}

const byPath = (facts: readonly Fact[]) => new Map(facts.map((fact) => [fact.path, fact]));

function at(state: State, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>((inside, name) => (isRecord(inside) ? inside[name] : undefined), state);
}

const isSame = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

/** `Max rows: from 1,000 to 500` */
export function differenceText({ label, was, is }: Difference): string {
  if (was === undefined) return texts.appeared(label, is ?? texts.none);
  if (is === undefined) return texts.vanished(label, was);
  return was === is ? texts.changedInside(label) : texts.changed(label, was, is);
}

export interface ComparedFact extends Omit<Fact, 'value'> {
  /** undefined: there is no such thing */
  readonly was: string | undefined;
  readonly is: string | undefined;
  readonly differs: boolean;
}

/** Every fact of either, beside each other. */
export function compared(past: State, now: State): readonly ComparedFact[] {
  const [before, after] = [factsOf(past), factsOf(now)];
  const [old, fresh] = [byPath(before), byPath(after)];
  const differing = new Set(differencesOf(past, now).map(({ path }) => path));
  const all = [...new Map([...after, ...before].map((fact) => [fact.path, fact])).values()];
  const order = [...new Set(PARTS.map(({ group }) => group))];
  return all
    .toSorted((one, other) => order.indexOf(one.group) - order.indexOf(other.group))
    .map(({ path, group, label }) => ({
      path,
      group,
      label,
      was: old.get(path)?.value,
      is: fresh.get(path)?.value,
      differs: differing.has(path),
    }));
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
