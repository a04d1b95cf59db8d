/**
 * JSON that gives back what went in, or refuses it. A `bigint` is written as {"$bigint":"123"}; a literal key
 * of that kind gets one more `$`, so that nothing is mistaken for it.
 */
import { InvalidAppend } from '../../../application/ports/event-store.ts';

const BIGINT_KEY = '$bigint';
const LITERAL_KEY = /^\$+bigint$/;
const MAX_DEPTH = 100;

/** @throws {InvalidAppend} for whatever JSON would drop or change, or text that PostgreSQL cannot hold */
export function toLosslessJson(value: unknown): string {
  const text = isJson(value, 0) ? JSON.stringify(value) : undefined;
  // a NUL, half a character or a key that needs a mark would show here
  const asItIs = text !== undefined && !text.includes('\\u') && !text.includes('bigint"');
  return asItIs ? text : JSON.stringify(marked(value, 0));
}

export function fromLosslessJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  return text.includes('bigint"') ? unmarked(value) : value;
}

/** Almost every event: nothing in it needs a mark or is to be refused, so it is not copied to be written. */
function isJson(value: unknown, depth: number): boolean {
  switch (typeof value) {
    case 'boolean':
    case 'string':
      return true;
    case 'number':
      return Number.isFinite(value);
    case 'object': {
      if (value === null) return true;
      if (depth >= MAX_DEPTH || !(Array.isArray(value) || isPlain(value))) return false;
      // not `every`, which passes over the holes of an array
      for (const item of Array.isArray(value) ? value : Object.values(value)) {
        if (!isJson(item, depth + 1)) return false;
      }
      return true;
    }
    case 'bigint':
    case 'undefined':
    case 'function':
    case 'symbol':
      return false;
  }
}

function marked(value: unknown, depth: number): unknown {
  if (depth > MAX_DEPTH) throw new InvalidAppend(`an event is nested deeper than ${MAX_DEPTH}`);
  switch (typeof value) {
    case 'boolean':
      return value;
    case 'string':
      return storable(value);
    case 'number':
      if (!Number.isFinite(value)) throw new InvalidAppend(`an event holds the number ${value}`);
      return value;
    case 'bigint':
      return { [BIGINT_KEY]: value.toString() };
    case 'object':
      if (value === null) return null;
      if (Array.isArray(value)) return Array.from(value, (item) => marked(item, depth + 1));
      if (isPlain(value)) return markedObject(value, depth);
      throw new InvalidAppend(`an event holds a ${value.constructor.name}`);
    case 'undefined':
    case 'function':
    case 'symbol':
      throw new InvalidAppend(`an event holds a value of type ${typeof value}`);
  }
}

// fromEntries and not assignment: a key `__proto__` stays a key
function markedObject(value: object, depth: number): unknown {
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      LITERAL_KEY.test(key) ? `$${key}` : storable(key),
      marked(item, depth + 1),
    ]),
  );
}

function unmarked(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(unmarked);
  const entries = Object.entries(value);
  const [first] = entries;
  if (first?.[0] === BIGINT_KEY) return BigInt(first[1] as string);
  return Object.fromEntries(
    entries.map(([key, item]) => [LITERAL_KEY.test(key) ? key.slice(1) : key, unmarked(item)]),
  );
}

function storable(text: string): string {
  if (text.includes('\0')) throw new InvalidAppend('an event holds a NUL character');
  if (!text.isWellFormed()) throw new InvalidAppend('an event holds half a character');
  return text;
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
