/** Where a page ends, as the token for the next one has it. */
import { S3Error } from './s3-error.ts';

export interface ListPosition {
  /** nothing in a folder comes after it; what an object's name begins does */
  readonly kind: 'folder' | 'object';
  readonly name: string;
}

export const positionText = ({ kind, name }: ListPosition): string =>
  Buffer.from(`${kind === 'folder' ? 'f' : 'o'}${name}`).toString('base64url');

/** @throws {S3Error} InvalidArgument: it is none of ours */
export function positionIn(token: string | undefined): ListPosition | undefined {
  if (token === undefined) return undefined;
  const text = Buffer.from(token, 'base64url').toString('utf8');
  const [, kind, name] = /^([fo])([^\0]+)$/.exec(text) ?? [];
  if (kind === undefined || name === undefined || Buffer.from(text).toString('base64url') !== token)
    throw new S3Error('InvalidArgument', 'The continuation token is not one of this list');
  return { kind: kind === 'f' ? 'folder' : 'object', name };
}
