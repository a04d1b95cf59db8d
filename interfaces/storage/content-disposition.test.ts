import { expect, test } from 'vitest';
import { attachment } from './content-disposition.ts';

test.each([
  ['', 'attachment;'],
  ['cat.png', "attachment; filename=cat.png; filename*=UTF-8''cat.png"],
  ["John's (1).pdf", `attachment; filename="John's (1).pdf"; filename*=UTF-8''John%27s%20%281%29.pdf`],
  ['naïve*.txt', `attachment; filename="na_ve*.txt"; filename*=UTF-8''na%C3%AFve%2A.txt`],
  ['a"b\\c\r\nd', `attachment; filename="a_b_c__d"; filename*=UTF-8''a%22b%5Cc%0D%0Ad`],
  ['50%20off', `attachment; filename="50_20off"; filename*=UTF-8''50%2520off`],
  ['\ud800', `attachment; filename="_"; filename*=UTF-8''%EF%BF%BD`],
])('%j is saved by %s', (name, header) => expect(attachment(name)).toBe(header));
