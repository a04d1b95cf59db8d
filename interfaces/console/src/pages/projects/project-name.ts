/** Short names of projects, as the platform takes them. */

const GOOD = /^[a-z0-9][a-z0-9_-]{2,63}$/;
const LONGEST = 64;

export const isGoodName = (name: string): boolean => GOOD.test(name);

/** One that is good, made of what people call it: `Café Zwölf!` -> `cafe-zwolf` */
export const nameFrom = (title: string): string =>
  title
    .normalize('NFD')
    .toLowerCase()
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/[^a-z0-9_]+/g, '-')
    .replaceAll(/^[-_]+|-+$/g, '')
    .slice(0, LONGEST);
