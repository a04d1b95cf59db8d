/** How a file can be shown. Nothing of a user's is ever run: what is not a picture is text, or is not shown. */

export type Preview = 'picture' | 'text' | 'none';

const PICTURES: ReadonlySet<string> = new Set([
  'image/jpeg',
  'image/png',
  'image/webp',
  'image/gif',
  'image/avif',
]);
const TEXTS =
  /^(?:text\/|application\/(?:json|xml|yaml|x-yaml|toml|sql|javascript|x-sh|x-ndjson)\b|[\w.-]+\/[\w.-]+\+(?:json|xml|yaml)$)/;
const MOST_TEXT_BYTES = 512 * 1024;
const MOST_PICTURE_BYTES = 25 * 1024 * 1024;

const essenceOf = (mediaType: string): string => (mediaType.split(';', 1)[0] ?? '').trim().toLowerCase();

/** @param size in bytes; null: unknown */
export function previewOf(mediaType: string | null, size: number | null): Preview {
  const essence = essenceOf(mediaType ?? '');
  if (PICTURES.has(essence)) return (size ?? 0) <= MOST_PICTURE_BYTES ? 'picture' : 'none';
  // a drawing is text that could be run
  if (TEXTS.test(essence)) return (size ?? MOST_TEXT_BYTES + 1) <= MOST_TEXT_BYTES ? 'text' : 'none';
  return 'none';
}

export const isPicture = (mediaType: string | null, size: number | null): boolean =>
  previewOf(mediaType, size) === 'picture';
