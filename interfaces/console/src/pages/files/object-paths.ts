/** Names of files and folders. A folder is a prefix that ends with a slash; the root is ''. */

const NAME = /^[\w!.*'() &$=@;:+,?-]+$/;
const MOST_CHARACTERS = 1_024;

/** For an address: each part by itself, since a name may hold `?`, `&` and `+`. */
export const encodePath = (path: string): string => path.split('/').map(encodeURIComponent).join('/');

/** `a/b/c.txt` and `a/b/` are both in `a/` and `a/b/`. */
export const folderOf = (path: string): string => {
  const end = path.endsWith('/') ? path.length - 1 : path.length;
  return path.slice(0, path.lastIndexOf('/', end - 1) + 1);
};

/** The last part, of a folder without its slash. */
export const nameOf = (path: string): string => path.slice(folderOf(path).length).replace(/\/$/, '');

export interface Crumb {
  readonly name: string;
  readonly folder: string;
}

/** The folders on the way to this one, itself the last. */
export function crumbsOf(folder: string): readonly Crumb[] {
  const parts = folder.split('/').filter((part) => part !== '');
  return parts.map((name, at) => ({ name, folder: `${parts.slice(0, at + 1).join('/')}/` }));
}

/** Whether the storage takes this as a file's whole path. */
export const isPath = (path: string): boolean =>
  path.length <= MOST_CHARACTERS && path.split('/').every((part) => isName(part));

const isName = (part: string): boolean => NAME.test(part) && part !== '.' && part !== '..';

/** The nearest path that the storage takes: letters lose their accents, anything else that it does not take is `_`. */
export function storablePath(path: string): string {
  const parts = path
    .split('/')
    .filter((part) => part !== '')
    .map(storableName);
  return parts.join('/').slice(0, MOST_CHARACTERS);
}

function storableName(part: string): string {
  const plain = part
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .replaceAll('ß', 'ss')
    .replaceAll('æ', 'ae')
    .replaceAll('Æ', 'AE')
    .replaceAll('ø', 'o')
    .replaceAll('Ø', 'O')
    .replace(/[^\w!.*'() &$=@;:+,?-]/gu, '_');
  return plain === '.' || plain === '..' ? plain.replaceAll('.', '_') : plain;
}

/** `b (2).txt` beside `b.txt`, or the next number that is free. */
export function freeName(path: string, isTaken: (path: string) => boolean): string {
  if (!isTaken(path)) return path;
  const folder = folderOf(path);
  const name = nameOf(path);
  const dot = name.lastIndexOf('.');
  const [stem, ending] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, ''];
  for (let number = 2; ; number++) {
    const other = `${folder}${stem} (${number})${ending}`;
    if (!isTaken(other)) return other;
  }
}
