import { expect, test } from 'vitest';
import { imageTransformation, readTransformation, transformationText } from './image-transformation.ts';

const usual = { resize: 'cover', format: 'origin', quality: 80 };

test.each([
  [{}, usual],
  [
    { width: '100', height: 2500 },
    { ...usual, width: 100, height: 2500 },
  ],
  [
    { width: null, resize: 'contain', format: 'webp', quality: '20' },
    { resize: 'contain', format: 'webp', quality: 20 },
  ],
  [
    { unknown: 1, quality: 100 },
    { ...usual, quality: 100 },
  ],
])('%j', (given, transformation) => {
  expect(imageTransformation(given)).toEqual({ transformation });
  expect(readTransformation(transformationText(transformation as never))).toEqual(transformation);
});

test.each([
  { width: 0 },
  { width: 2501 },
  { height: '-1' },
  { width: '1e3' },
  { width: '10.5' },
  { width: 10.5 },
  { width: ['1', '2'] },
  { height: '' },
  { quality: 19 },
  { quality: 101 },
  { quality: Number.NaN },
  { resize: 'crop' },
  { resize: '__proto__' },
  { format: 'svg' },
  { format: ['webp'] },
])('%j has a fault', (given) => {
  expect(imageTransformation(given)).toHaveProperty('fault');
});

test.each(['width:0', 'resize:x', `${'a:1,'.repeat(3)}quality:5`])('%s is no transformation', (text) => {
  expect(readTransformation(text)).toBeUndefined();
});
