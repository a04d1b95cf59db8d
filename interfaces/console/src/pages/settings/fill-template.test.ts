import { expect, test } from 'vitest';
import { fillTemplate } from './fill-template.ts';

const VALUES = {
  ConfirmationURL: 'https://x.example/verify?token=a&type=signup',
  Token: '123456',
  TokenHash: 'hash',
  SiteURL: 'https://shop.example',
  RedirectTo: '',
  Email: '<ann>@example.com',
  NewEmail: '',
  OldEmail: '',
};

test('variables are filled in, and anything else in braces is empty', () => {
  const text =
    'Hi {{ .Email }}: {{.Token}} {{- .SiteURL -}} [{{ .Data.name }}{{ .nothing }}{{ Token }}] { x }';
  expect(fillTemplate(text, VALUES, false)).toBe(
    'Hi <ann>@example.com: 123456 https://shop.example [] { x }',
  );
});

test('in HTML a value is text', () => {
  expect(fillTemplate('<a href="{{ .ConfirmationURL }}">{{ .Email }}</a>', VALUES, true)).toBe(
    '<a href="https://x.example/verify?token=a&amp;type=signup">&lt;ann&gt;@example.com</a>',
  );
});
