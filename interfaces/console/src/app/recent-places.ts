/** Where one has been since the page was read, the latest first. Nothing of it is kept in the browser. */

const MOST = 6;
let places: readonly string[] = [];

export const recentPlaces = (): readonly string[] => places;

/** @param path below /console */
export function rememberPlace(path: string): void {
  places = [path, ...places.filter((one) => one !== path)].slice(0, MOST + 1);
}
