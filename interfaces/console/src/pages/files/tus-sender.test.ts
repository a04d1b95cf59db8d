import { expect, test } from 'vitest';
import { metadataOf, placeOf } from './tus-sender.ts';

test('an upload goes on at the page’s own address, whatever name the platform has for itself', () => {
  const place = '/storage/v1/upload/resumable/1';
  expect(placeOf(`https://db.example/project/p1${place}?a=b`, 'p1')).toBe(place);
  expect(placeOf(`/project/p1${place}`, 'p1')).toBe(place);
});

test.each([
  '',
  'https://db.example/elsewhere',
  '/project/p2/storage/v1/upload/resumable/1',
  '/project/p1/auth/v1',
])('an address that is none of an upload of the project is refused: %s', (location) => {
  expect(() => placeOf(location, 'p1')).toThrow('did not say where');
});

test('what is told of a file may be in any script', () => {
  const told = metadataOf({ bucket: 'b', path: 'Größe/猫.txt', file: new File([], 'x'), replaces: false });
  const values = Object.fromEntries(told.split(',').map((pair) => pair.split(' ')));
  const text = (name: string) =>
    new TextDecoder().decode(Uint8Array.from(atob(values[name] ?? ''), (one) => one.charCodeAt(0)));
  expect([text('objectName'), text('contentType')]).toEqual(['Größe/猫.txt', 'application/octet-stream']);
});
