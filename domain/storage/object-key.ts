/** What users call their files. One rule, whichever door a name comes in by. */
import type { Brand } from '../brand.ts';

/** Of an object within its bucket: segments with a slash between each two. */
export type ObjectKey = Brand<string, 'ObjectKey'>;

const MOST_CHARACTERS = 1024;
const CHARACTERS = /^[\w/!.*'() &$=@;:+,?-]+$/;

/**
 * ASCII letters, digits and `_/!.*'() &$=@;:+,?-`; no segment is empty, `.` or `..`, so none begins or ends with a slash.
 * No browser, proxy or file system reads such a name as another one.
 */
export const isObjectKey = (text: string): text is ObjectKey =>
  text.length <= MOST_CHARACTERS && CHARACTERS.test(text) && !text.split('/').some(isNoName);

const isNoName = (segment: string): boolean => segment === '' || segment === '.' || segment === '..';

/** Apps keep empty folders by it: it is no file of a user's. */
export const EMPTY_FOLDER = '.emptyFolderPlaceholder';

export const fileNameOf = (key: ObjectKey): string => key.slice(key.lastIndexOf('/') + 1);
