import { expect, test } from 'vitest';
import { parseArguments } from './arguments.ts';

const KNOWN = ['provision', 'wake', 'door'];
const parsed = (text: string) => parseArguments(text === '' ? [] : text.split(' '), KNOWN);

test('without any, all sections are measured whole', () => {
  expect(parsed('')).toEqual({
    sections: KNOWN,
    quick: false,
    json: false,
    profile: false,
    help: false,
    against: undefined,
    name: 'local',
    only: undefined,
    rounds: undefined,
    passes: 1,
    minutes: 10,
  });
});

test('sections come in the order of the table, however they are named', () => {
  expect(parsed('door provision --quick').sections).toEqual(['provision', 'door']);
  expect(parsed('door --rounds 7 --passes 2 --minutes 2 --name 2026-11-30')).toMatchObject({
    rounds: 7,
    passes: 2,
    minutes: 2,
    name: '2026-11-30',
  });
});

test.each([
  ['no', 'no section no: there are provision, wake, door'],
  ['--fast', '--fast'],
  ['--rounds 0', '--rounds: a whole number from 1 to 1000'],
  ['--rounds 2.5', '--rounds: a whole number'],
  ['--passes 2 --quick', '--quick is one pass'],
  ['--passes 11', '--passes: a whole number from 1 to 10'],
  ['--minutes x', '--minutes: a whole number from 1 to 1440'],
  ['--name ../main', '--name'],
  ['--against=--upload-pack=x', '--against: a commit'],
  ['--against main --profile', '--profile and --against exclude each other'],
])('%s is refused', (text, says) => {
  expect(() => parsed(text)).toThrow(says);
});
