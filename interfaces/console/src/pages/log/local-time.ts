/** Times as a field of type datetime-local has them: of where one is, without a zone. */

const two = (number: number): string => String(number).padStart(2, '0');

/** @param time RFC 3339, or empty */
export function localText(time: string): string {
  if (time === '') return '';
  const at = new Date(time);
  const date = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${date}T${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

/** RFC 3339; empty while what is typed is no time yet. */
export function timeOfLocal(text: string): string {
  const at = new Date(text);
  return text === '' || Number.isNaN(at.getTime()) ? '' : at.toISOString();
}
