/** A row has a project's facts as its columns: by the same names in snake_case, with the same values. */
type Snake<Name extends string> = Name extends `${infer First}${infer Rest}`
  ? `${First extends Lowercase<First> ? First : `_${Lowercase<First>}`}${Snake<Rest>}`
  : Name;
type Camel<Name extends string> = Name extends `${infer Word}_${infer Rest}`
  ? `${Word}${Capitalize<Camel<Rest>>}`
  : Name;

export type RowOf<Facts> = {
  readonly [Name in keyof Facts & string as Snake<Name>]: Facts[Name];
};
export type FactsOf<Row> = {
  readonly [Name in keyof Row & string as Camel<Name>]: Row[Name];
};

const snake = remembered((name) => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));
const camel = remembered((name) => name.replaceAll(/_(.)/g, (_, letter: string) => letter.toUpperCase()));

export const rowOf = <Facts extends object>(facts: Facts): RowOf<Facts> =>
  renamed(facts, snake) as RowOf<Facts>;
export const factsOf = <Row extends object>(row: Row): FactsOf<Row> => renamed(row, camel) as FactsOf<Row>;

function renamed(from: object, nameOf: (name: string) => string): object {
  const to: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(from)) to[nameOf(name)] = value;
  return to;
}

/** The names are few, and a replay asks for them with every event. */
function remembered(work: (name: string) => string): (name: string) => string {
  const known = new Map<string, string>();
  return (name) => {
    const before = known.get(name);
    if (before !== undefined) return before;
    const found = work(name);
    known.set(name, found);
    return found;
  };
}
