const names = new Map<string, string>();

/** A statement that is prepared once in each session. There are a few of them, each of which is run for as long as we live. */
export function prepared(text: string): { readonly name: string; readonly text: string } {
  const name = names.get(text) ?? `view statement ${names.size + 1}`;
  names.set(text, name);
  return { name, text };
}
