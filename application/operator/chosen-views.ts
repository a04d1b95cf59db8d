import { Refused } from '../errors.ts';
import type { OperatedViews } from './operated-views.ts';

/** @param name undefined: all of them. @throws {Refused} there is none of that name */
export function chosenViews({ names }: OperatedViews, name: string | undefined): readonly string[] {
  if (name === undefined) return names;
  if (names.includes(name)) return [name];
  throw new Refused(`there is no view "${name}"; there are ${names.join(', ')}`);
}
