import { expect, test } from 'vitest';
import { checksum, compareFiles, placeInText } from './compare-files.ts';

const file = (name: string, sql = 'SELECT 1') => ({ name, sql });
const applied = [
  { version: 1, name: '0001_a.sql', checksum: await checksum('SELECT 1') },
  { version: 2, name: '0002_b.sql', checksum: await checksum('SELECT 2') },
];
const states = async (...args: Parameters<typeof compareFiles>) =>
  (await compareFiles(...args)).map(({ name, state }) => `${name} ${state}`);

test('a folder beside what is applied, in order', async () => {
  const files = [
    file('readme.md'),
    file('0010_d.sql'),
    file('0003_c.sql'),
    file('0002_b.sql'),
    file('0001_a.sql'),
  ];
  expect(await states(files, applied, checksum)).toEqual([
    '0001_a.sql applied',
    '0002_b.sql changed',
    '0003_c.sql pending',
    '0010_d.sql pending',
    'readme.md unnamed',
  ]);
});

test('another file with a number that is applied is a change', async () => {
  expect(await states([file('0001_other.sql')], applied, checksum)).toEqual(['0001_other.sql changed']);
});

test('where no checksum can be made, what is applied counts as it was', async () => {
  expect(await states([file('0002_b.sql')], applied, undefined)).toEqual(['0002_b.sql applied']);
});

test('the checksum is that of the text, whatever an editor made of it', async () => {
  expect(await checksum('\uFEFFSELECT 1;\r\nSELECT 2;\r\n')).toBe(await checksum('SELECT 1;\nSELECT 2;\n'));
});

test('the checksum is SHA-256 in hexadecimal', async () => {
  expect(await checksum('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
});

test('a place in a text with characters of two units', () => {
  const text = "SELECT '\u{1f600}', nothing";
  expect(text.slice(placeInText(text, 13))).toBe('nothing');
  expect(placeInText('abc', 1)).toBe(0);
});
