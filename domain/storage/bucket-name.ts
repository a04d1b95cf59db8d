import type { Brand } from '../brand.ts';

export type BucketName = Brand<string, 'BucketName'>;

const PATTERN = /^[\w!.*'() &$=@;:+,?-]{1,100}$/;

/** As an object's name without slashes, and 1 to 100 characters; a space stands between others. */
export const isBucketName = (text: string): text is BucketName =>
  PATTERN.test(text) && text.trim() === text && text !== '.' && text !== '..';
