import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MAIL_KINDS } from './auth-settings.ts';
import { DEFAULT_TEMPLATES } from './default-templates.ts';
import { renderMail, type MailVariables } from './mail-template.ts';

const variables: MailVariables = {
  ConfirmationURL: 'https://x.example/verify?token=abc&type=signup',
  Token: '123456',
  TokenHash: 'abc',
  SiteURL: 'https://app.example.com',
  RedirectTo: 'https://app.example.com/in?a=1&b=2',
  Email: "o'neil+tag@ex.museum",
  NewEmail: 'new@ex.museum',
  OldEmail: 'old@ex.museum',
  Data: { name: '<b>Zoë</b>', nested: { age: 7, ok: true, list: [1] } },
};
const all = (text: string) => renderMail({ subject: text, text, html: text }, variables);

describe('a mail from its template', () => {
  test('HTML is escaped in the HTML alone', () => {
    expect(
      renderMail({ subject: "You're in, Zoë", text: "You're in", html: "<p>You're in</p>" }, variables),
    ).toEqual({
      subject: "You're in, Zoë",
      text: "You're in",
      html: "<p>You're in</p>",
    });
    expect(all('{{ .Data.name }} {{.Email}} {{- .RedirectTo -}}')).toEqual({
      subject: "<b>Zoë</b> o'neil+tag@ex.museum https://app.example.com/in?a=1&b=2",
      text: "<b>Zoë</b> o'neil+tag@ex.museum https://app.example.com/in?a=1&b=2",
      html: '&lt;b&gt;Zoë&lt;/b&gt; o&#39;neil+tag@ex.museum https://app.example.com/in?a=1&amp;b=2',
    });
  });

  test.each([
    ['{{ .Token }}|{{.TokenHash}}|{{  .SiteURL}}', '123456|abc|https://app.example.com'],
    ['{{ .OldEmail }} {{ .NewEmail }}', 'old@ex.museum new@ex.museum'],
    ['{{ .Data.nested.age }}{{ .Data.nested.ok }}', '7true'],
    [
      '[{{ .Nothing }}][{{ .Data }}][{{ .Data.nested }}][{{ .Data.no.such }}][{{ .Email.length }}]',
      '[][][][][]',
    ],
    [
      '[{{ .constructor }}][{{ .Data.constructor }}][{{ .Data.__proto__ }}][{{ .Data.nested.list.length }}]',
      '[][][][1]',
    ],
    ['a{{ if .Data.name }}b{{ end }}c{{ printf "%s" .Token }}', 'abc'],
    ['{ .Token } {{ .Token', '{ .Token } {{ .Token'],
  ])('%s', (template, text) => expect(all(template).text).toBe(text));

  test('a subject is one line of printable text', () => {
    const { subject } = renderMail(
      { subject: 'Hello {{ .Data.name }}\r\nBcc: x@evil.example', text: '', html: '' },
      { ...variables, Data: { name: 'Ann\r\n\0\u2028Bcc: y@evil.example' } },
    );
    expect(subject).toBe('Hello Ann Bcc: y@evil.example Bcc: x@evil.example');
  });

  test('what a variable stands for is never a template, nor markup', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (name) => {
        const template = '{{ .Data.a }}';
        const given = { ...variables, Data: { a: `{{ .Token }}${name}<i>"'` } };
        const { text, html } = renderMail({ subject: '', text: template, html: template }, given);
        expect(text).toBe(`{{ .Token }}${name}<i>"'`);
        expect(html).not.toMatch(/[<>"']/);
        expect(html).not.toContain('123456');
      }),
    );
  });

  test('metadata of any size makes no mail of any size', () => {
    const given = { ...variables, Data: { a: '<'.repeat(1_000_000) } };
    const template = '{{ .Data.a }}'.repeat(1_000);
    const { subject, text, html } = renderMail({ subject: template, text: template, html: template }, given);
    expect(subject.length).toBeLessThanOrEqual(250);
    expect(Math.max(text.length, html.length)).toBeLessThanOrEqual(200_000);
  });
});

test.each(MAIL_KINDS)('the %s of ours has a code, and a link unless it needs none', (kind) => {
  const { subject, text, html } = renderMail(DEFAULT_TEMPLATES[kind], variables);
  expect(text).toContain('123456');
  expect(html).toContain('123456');
  expect(text.includes(variables.ConfirmationURL)).toBe(kind !== 'reauthentication');
  expect(html.includes('href="https://x.example/verify?token=abc&amp;type=signup"')).toBe(
    kind !== 'reauthentication',
  );
  expect(subject + text + html).not.toMatch(/\{\{|undefined/);
});
