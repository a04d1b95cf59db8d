/** What of a folder is pending, by what a project has. */
import { versionOf } from './migration-name.ts';

export type FileState = 'pending' | 'applied' | 'changed' | 'unnamed';

interface Applied {
  readonly version: number;
  readonly name: string;
  readonly checksum: string;
}
export interface ComparedFile {
  readonly name: string;
  readonly sql: string;
  readonly state: FileState;
}

/**
 * In the order in which they are applied; what has no number comes last.
 * @param checksumOf as the platform makes them; undefined: this browser cannot, and what is applied counts as it was
 */
export async function compareFiles(
  files: readonly { readonly name: string; readonly sql: string }[],
  applied: readonly Applied[],
  checksumOf: ((sql: string) => Promise<string>) | undefined,
): Promise<readonly ComparedFile[]> {
  const byVersion = new Map(applied.map((one) => [one.version, one]));
  const stateOf = async ({ name, sql }: { name: string; sql: string }): Promise<FileState> => {
    const version = versionOf(name);
    if (version === undefined) return 'unnamed';
    const known = byVersion.get(version);
    if (!known) return 'pending';
    if (known.name !== name) return 'changed';
    return checksumOf === undefined || (await checksumOf(sql)) === known.checksum ? 'applied' : 'changed';
  };
  const compared = await Promise.all(files.map(async (file) => ({ ...file, state: await stateOf(file) })));
  const order = ({ name }: ComparedFile) => versionOf(name) ?? Infinity;
  return compared.toSorted((a, b) => order(a) - order(b) || a.name.localeCompare(b.name));
}

/** The same text has the same one whatever an editor made of its line ends. */
export async function checksum(sql: string): Promise<string> {
  const text = sql.replace(/^\uFEFF/, '').replaceAll('\r\n', '\n');
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return [...new Uint8Array(hash)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** PostgreSQL counts characters from 1; a text box counts units of UTF-16 from 0. */
export const placeInText = (text: string, position: number): number =>
  Array.from(text)
    .slice(0, position - 1)
    .join('').length;
