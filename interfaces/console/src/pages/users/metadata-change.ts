/** Metadata is merged key by key by the service, and null takes a key away: so a document becomes a change of it. */

export type Document = Readonly<Record<string, unknown>>;

/** @returns undefined: the text is no JSON object */
export function readDocument(text: string): Document | undefined {
  if (text.trim() === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Document)
      : undefined;
  } catch {
    return undefined;
  }
}

/** @returns undefined: nothing was changed */
export function documentChange(before: Document, after: Document): Document | undefined {
  const gone = Object.keys(before).filter((key) => !Object.hasOwn(after, key));
  const changed = Object.entries(after).filter(
    ([key, value]) => !Object.hasOwn(before, key) || JSON.stringify(before[key]) !== JSON.stringify(value),
  );
  if (gone.length + changed.length === 0) return undefined;
  return Object.fromEntries([...gone.map((key): [string, unknown] => [key, null]), ...changed]);
}
