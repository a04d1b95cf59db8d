import pg from 'pg';
import { JsonText } from '../../domain/json-text.ts';

type Parse = (text: string) => unknown;

const getTypeParser = pg.types.getTypeParser as (oid: number) => Parse;
const asText: Parse = (text) => text;
/** text[] */
const splitArray = getTypeParser(1009);

/** JSON has no NaN and no infinity: those stay PostgreSQL's text. JavaScript would write -0 as 0. */
const asFloat: Parse = (text) => {
  const value = Number(text);
  if (Object.is(value, -0)) return new JsonText('-0');
  return Number.isFinite(value) ? value : text;
};

const DEEPEST = 500;

/** PostgreSQL nests deeper than many who read JSON can follow: such a document stays text. */
const asJson: Parse = (text) => (depthOf(text) > DEEPEST ? text : new JsonText(text));

function depthOf(json: string): number {
  let [depth, deepest, inString] = [0, 0, false];
  for (let at = 0; at < json.length; at++) {
    const character = json[at];
    if (character === '"') inString = !inString;
    else if (inString) at += character === '\\' ? 1 : 0;
    else if (character === '[' || character === '{') deepest = Math.max(deepest, ++depth);
    else if (character === ']' || character === '}') depth--;
  }
  return deepest;
}

const arrayOf = (parse: Parse): Parse => {
  const each = (value: unknown): unknown =>
    Array.isArray(value) ? value.map(each) : typeof value === 'string' ? parse(value) : value;
  return (text) => each(splitArray(text));
};

/** By the oid of the type: where the driver's own form is not JSON, or loses something. */
const PARSERS: Readonly<Record<number, Parse>> = {
  17: asText, // bytea
  114: asJson, // json
  600: asText, // point
  700: asFloat, // real
  701: asFloat, // double precision
  718: asText, // circle
  1082: asText, // date
  1114: asText, // timestamp
  1184: asText, // timestamptz
  1186: asText, // interval
  3802: asJson, // jsonb
  199: arrayOf(asJson), // json[]
  1001: arrayOf(asText), // bytea[]
  1017: arrayOf(asText), // point[]
  1021: arrayOf(asFloat), // real[]
  1022: arrayOf(asFloat), // double precision[]
  1115: arrayOf(asText), // timestamp[]
  1182: arrayOf(asText), // date[]
  1185: arrayOf(asText), // timestamptz[]
  1187: arrayOf(asText), // interval[]
  1231: arrayOf(asText), // numeric[]
  3807: arrayOf(asJson), // jsonb[]
};

const JSON_TYPES: ReadonlySet<number> = new Set([114, 3802]);

/**
 * Values as JSON can carry them: booleans, small numbers, json and their arrays as such; bigint, numeric,
 * dates, bytes and all else as the text that PostgreSQL prints. So is an array that does not begin at 1.
 */
export const jsonSafeValues: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number) => {
    const parse = PARSERS[oid] ?? getTypeParser(oid);
    return JSON_TYPES.has(oid) ? parse : (text: string) => (text.startsWith('[') ? text : parse(text));
  }) as typeof pg.types.getTypeParser,
};
