/**
 * A file that two write: the lines between our two marks are LaunchDB's and are rewritten whole; what stands before
 * and after them is the operator's and is kept, also when the file is lost or cut short.
 */

/** What a comment begins with, in PgBouncer's settings and list of logins, and in its list of who is let in. */
export type CommentSign = ';;' | '#';

const BEGIN =
  'launchdb: begin. Up to the next mark the lines are rewritten; yours are kept below it, or above.';
const END = 'launchdb: end';
const BEGINS = /^(?:;;|#) launchdb: begin.*\n?/m;
const ENDS = /^(?:;;|#) launchdb: end.*\n?/m;

export interface Parts {
  readonly before: string;
  /** undefined: it is not there, or not whole */
  readonly own: string | undefined;
  readonly after: string;
}

/**
 * @param known the file as it was last seen whole: gives back the operator's lines of one that was cut short
 */
export function partsOf(text: string, known: string | undefined): Parts {
  const begin = BEGINS.exec(text);
  const rest = begin ? text.slice(begin.index + begin[0].length) : text;
  const end = ENDS.exec(rest);
  if (begin && end) {
    const [before, own] = [text.slice(0, begin.index), rest.slice(0, end.index)];
    return { before, own, after: rest.slice(end.index + end[0].length) };
  }
  const last = known === undefined ? undefined : partsOf(known, undefined);
  const { before = '', after = '' } = last ?? {};
  if (known?.startsWith(text)) return { before, own: undefined, after };
  // a mark was taken away: on its side of ours there is nothing that could be told from ours
  if (begin) return { before: text.slice(0, begin.index), own: undefined, after };
  if (end) return { before, own: undefined, after: text.slice(end.index + end[0].length) };
  return { before: text, own: undefined, after: '' };
}

export const hasBothMarks = (text: string): boolean => partsOf(text, undefined).own !== undefined;

export function joined({ before, after }: Omit<Parts, 'own'>, own: string, sign: CommentSign = ';;'): string {
  const above = before === '' || before.endsWith('\n') ? before : `${before}\n`;
  return `${above}${sign} ${BEGIN}\n${own}${sign} ${END}\n${after}`;
}
