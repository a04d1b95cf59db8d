import { invalidRequest } from './problems.ts';

/** A revision as the entity tag of what has it. */
export const etagOf = (revision: number): string => `"${revision}"`;

/** `*`, or the revisions that the caller names; what is no revision of ours matches nothing. */
export type WantedRevisions = '*' | readonly number[];

const LIST = /^\s*(?:W\/)?"[\x21\x23-\x7e]*"(?:\s*,\s*(?:W\/)?"[\x21\x23-\x7e]*")*\s*$/;
const TAG = /(W\/)?"([^"]*)"/g;
const REVISION = /^(?:0|[1-9]\d{0,9})$/;

/** Strong comparison: a weak tag matches nothing. @throws {RequestProblem} 400 */
export const parseIfMatch = (header: string | undefined): WantedRevisions | undefined =>
  parse(header, 'if-match', false);

/** Weak comparison. @throws {RequestProblem} 400 */
export const parseIfNoneMatch = (header: string | undefined): WantedRevisions | undefined =>
  parse(header, 'if-none-match', true);

/** The one revision that a command may find. undefined: any; nothing has -1: a tag that is not one of ours never matches. */
export function revisionWanted(ifMatch: string | undefined): number | undefined {
  const wanted = parseIfMatch(ifMatch);
  return wanted === undefined || wanted === '*' ? undefined : (wanted[0] ?? -1);
}

export const includesRevision = (wanted: WantedRevisions, revision: number): boolean =>
  wanted === '*' || wanted.includes(revision);

function parse(header: string | undefined, name: string, weak: boolean): WantedRevisions | undefined {
  if (header === undefined) return undefined;
  if (header.trim() === '*') return '*';
  if (!LIST.test(header)) {
    throw invalidRequest([{ pointer: `/headers/${name}`, detail: 'Not a list of entity tags.' }]);
  }
  return [...header.matchAll(TAG)].flatMap(([, isWeak, tag = '']) =>
    (isWeak && !weak) || !REVISION.test(tag) ? [] : [Number(tag)],
  );
}
