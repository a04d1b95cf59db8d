/** A value as it stands in JSON, where a JavaScript value would not be the same: a number beyond doubles, a document. */
export class JsonText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** Parses a JSON document; numbers that a double would change, or PostgreSQL could tell from what it was, stay text. */
export const parseExactJson = (json: string): unknown =>
  JSON.parse(json, (_key, value: unknown, context?: { readonly source?: string }) =>
    typeof value === 'number' && context?.source !== undefined && !isSameAs(value, context.source)
      ? new JsonText(context.source)
      : value,
  );

/** A double keeps 15 digits of whatever number; 1.0 and 1e3 are the integers that they are. */
function isSameAs(value: number, source: string): boolean {
  if (String(value) === source) return true;
  const digits = source.replace(/e.*$/i, '').replaceAll(/\D/g, '').length;
  return digits <= 15 && Number.isSafeInteger(value) && !Object.is(value, -0);
}

/** A string in JSON that JSON.stringify never writes itself: it escapes no letter. */
const placeOf = (index: number): unknown =>
  (JSON as typeof JSON & { rawJSON(text: string): unknown }).rawJSON(`"\\u0041${index}"`);
const PLACE = /"\\u0041(\d+)"/g;

/** JSON.stringify, with every {@link JsonText} as it is. */
export function exactJson(value: unknown): string {
  const texts: string[] = [];
  const json = JSON.stringify(value, (_key, item: unknown) =>
    item instanceof JsonText ? placeOf(texts.push(item.text) - 1) : item,
  );
  return texts.length === 0
    ? json
    : json.replaceAll(PLACE, (_place, index: string) => texts[Number(index)] ?? 'null');
}
