/** What is typed into the console is not lost without a question: on the way out, and when the session ends meanwhile. */
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { components } from '../console/src/texts/en/components.ts';
import { general, settings } from '../console/src/texts/en/settings.ts';
import { session } from '../console/src/texts/en/session.ts';
import { projects } from '../console/src/texts/en/projects.ts';
import {
  axeViolations,
  ConsoleUnderTest,
  heading,
  PASSWORD,
  press,
  readable,
  signIn,
  type Ask,
} from './console-under-test.ts';

let consoles: ConsoleUnderTest;
let context: BrowserContext;
let page: Page;
let ask: Ask;
let id: string;
beforeAll(async () => {
  consoles = await ConsoleUnderTest.start();
  ({ context, page, ask } = await consoles.owner('forms'));
  id = String((await ask('POST', '/api/projects', { name: 'forms' }))['id']);
  await ask('POST', `/api/projects/${id}/sql`, {
    query: 'CREATE TABLE todos (id int PRIMARY KEY, title text)',
  });
});
afterAll(() => consoles.close());

const below = (path: string) => `/console/projects/${id}${path}`;
const path = () => new URL(page.url()).pathname;
const name = () => page.getByLabel(general.displayName, { exact: true });

/** Answers the questions that come meanwhile. @returns what was asked, `beforeunload` among them */
async function asked(answer: 'stay' | 'leave', act: () => Promise<unknown>, wanted = 0): Promise<string[]> {
  const questions: string[] = [];
  const hear = (dialog: {
    type: () => string;
    accept: () => Promise<void>;
    dismiss: () => Promise<void>;
  }) => {
    questions.push(dialog.type());
    return answer === 'leave' ? dialog.accept() : dialog.dismiss();
  };
  page.on('dialog', hear);
  try {
    await act();
    if (wanted > 0) await expect.poll(() => questions.length).toBe(wanted);
    return questions;
  } finally {
    page.off('dialog', hear);
  }
}
const otherPage = () => page.getByRole('navigation').first().getByRole('link', { name: 'Log', exact: true });
/** Somebody signs out in another window. */
const endSession = () => ask('DELETE', '/api/session');
/** @returns what is asked at the end of the window, which stays open */
const close = () => asked('stay', () => page.close({ runBeforeUnload: true }), 1);
const over = () => page.getByRole('dialog', { name: session.endedTitle });
const comeBack = async () => {
  await over().waitFor();
  await over().getByLabel(session.password, { exact: true }).fill(PASSWORD);
  await over().getByRole('button', { name: session.signIn, exact: true }).click();
  await over().waitFor({ state: 'detached' });
};

test('a form with changes is asked about at a link, at the back button, in the palette, and where the window closes', async () => {
  await page.goto(below('/log'));
  await heading(page, 'Log').waitFor();
  await page.getByRole('navigation').first().getByRole('link', { name: 'Settings', exact: true }).click();
  await name().fill('Forms of mine');
  await page.getByText(settings.unsaved).waitFor();
  expect(await asked('stay', () => otherPage().click())).toEqual(['confirm']);
  expect(path()).toBe(below('/settings'));
  for (let times = 0; times < 2; times++) {
    expect(await asked('stay', () => page.evaluate('history.back()'), 1)).toEqual(['confirm']);
    await expect.poll(path).toBe(below('/settings'));
    expect(await name().inputValue()).toBe('Forms of mine');
  }
  const byPalette = async () => {
    await page.keyboard.press('Control+k');
    await page.getByRole('dialog').getByRole('combobox').fill('Migrations');
    await page.getByRole('option', { name: 'Migrations' }).first().waitFor();
    await page.keyboard.press('Enter');
  };
  expect(await asked('stay', byPalette)).toEqual(['confirm']);
  expect(path()).toBe(below('/settings'));
  expect([await close(), await name().inputValue()]).toEqual([['beforeunload'], 'Forms of mine']);
  // who wants to leaves, and what is saved is asked about no more
  expect(
    await asked('leave', () => page.evaluate('history.back()').then(() => heading(page, 'Log').waitFor())),
  ).toEqual(['confirm']);
  await page.goto(below('/settings'));
  await name().fill('Forms');
  await press(page, settings.save);
  await page.getByText(settings.saved, { exact: true }).first().waitFor();
  await page.getByText(settings.unsaved).waitFor({ state: 'detached' });
  expect(await axeViolations(page)).toEqual([]);
  expect(await asked('leave', () => otherPage().click())).toEqual([]);
  await heading(page, 'Log').waitFor();
});

test('a dialog with something typed into it is asked about where it is closed; cancelled or empty it is not', async () => {
  await page.goto(below('/tables'));
  await press(page, 'New table');
  const table = page.getByRole('dialog');
  await table.getByLabel('Name', { exact: true }).first().fill('half_typed');
  expect(await asked('stay', () => page.keyboard.press('Escape'))).toEqual(['confirm']);
  expect(await table.getByLabel('Name', { exact: true }).first().inputValue()).toBe('half_typed');
  expect(await asked('leave', () => table.getByRole('button', { name: components.close }).click())).toEqual([
    'confirm',
  ]);
  await table.waitFor({ state: 'detached' });
  await press(page, 'New table');
  expect(await asked('stay', () => page.keyboard.press('Escape'))).toEqual([]);
  await table.waitFor({ state: 'detached' });
});

test('what is in the SQL editor is kept on the way to other pages, and asked about where the window closes', async () => {
  await page.goto(below('/sql'));
  await page.locator('.cm-content').click();
  await page.keyboard.type('SELECT 42 AS answer');
  expect(await asked('stay', () => otherPage().click())).toEqual([]);
  await heading(page, 'Log').waitFor();
  await page.goBack();
  await page.getByText('answer').waitFor();
  expect(await close()).toEqual(['beforeunload']);
  await page.getByText('answer').waitFor();
});

test('a session that ends leaves half-typed forms as they are: the page waits behind the way back', async () => {
  await page.goto(below('/settings'));
  await name().fill('Half typed');
  await endSession();
  await press(page, settings.save);
  await over().waitFor();
  expect(await axeViolations(page)).toEqual([]);
  // nothing of the page is to be seen or reached, and nothing typed is kept anywhere
  const under = await page.evaluate('document.elementFromPoint(5, 5).tagName');
  expect(under).toBe('DIALOG');
  expect((await readable(page)).kept).not.toMatch(/Half typed|correct horse/);
  // a browser lets nobody be kept by it for ever: what closes is opened again
  for (let times = 0; times < 3; times++) await page.keyboard.press('Escape');
  await expect.poll(() => page.evaluate('document.elementFromPoint(5, 5).tagName')).toBe('DIALOG');
  await over().getByLabel(session.password, { exact: true }).fill('wrong password');
  await over().getByRole('button', { name: session.signIn, exact: true }).click();
  await over().getByText(session.wrong).waitFor();
  await comeBack();
  expect([path(), await name().inputValue()]).toEqual([below('/settings'), 'Half typed']);
  await press(page, settings.save);
  await page.getByText(settings.saved, { exact: true }).first().waitFor();
  expect((await ask('GET', `/api/projects/${id}`))['display_name']).toBe('Half typed');
});

test('so does a dialog, which neither a key nor a click at the way back closes', async () => {
  await page.goto(below('/tables'));
  await press(page, 'New table');
  const table = page.getByRole('dialog', { name: 'New table' });
  await table.getByLabel('Name', { exact: true }).first().fill('kept');
  await endSession();
  await table.getByRole('button', { name: 'Create the table' }).click();
  await over().waitFor();
  await page.keyboard.press('Escape');
  await page.mouse.click(5, 5);
  await comeBack();
  expect(await table.getByLabel('Name', { exact: true }).first().inputValue()).toBe('kept');
  await table.getByRole('button', { name: 'Create the table' }).click();
  await table.waitFor({ state: 'detached' });
});

test('who signs in again in another window finds this one going on; another owner finds nothing of it', async () => {
  await page.goto(below('/settings'));
  await name().fill('Other window');
  await endSession();
  await press(page, settings.save);
  await over().waitFor();
  await signIn(context, 'forms');
  await page.evaluate("dispatchEvent(new Event('focus'))");
  await over().waitFor({ state: 'detached' });
  expect(await name().inputValue()).toBe('Other window');
  await endSession();
  await press(page, settings.save);
  await over().waitFor();
  await consoles.signUp('another');
  await signIn(context, 'another');
  await asked('leave', async () => {
    await page.evaluate("dispatchEvent(new Event('focus'))");
    await over().waitFor({ state: 'detached' });
  });
  await page.getByText(settings.notRead).first().waitFor();
  expect(await page.getByText('Half typed').count()).toBe(0);
  expect(await name().count()).toBe(0);
  await page.goto('/');
  await page.getByText(projects.emptyTitle).waitFor();
  expect(consoles.faults).toEqual([]);
});

test('whoever is not the one whose page waits goes to the way in, and nothing of it is left', async () => {
  const gone = await consoles.owner('gone');
  await gone.page.goto('/console/account');
  await gone.page.getByText('gone@example.com').first().waitFor();
  await gone.ask('DELETE', '/api/session');
  await gone.page.evaluate("dispatchEvent(new Event('focus'))");
  await gone.page.getByRole('navigation').first().getByRole('link', { name: 'Log', exact: true }).click();
  const waiting = gone.page.getByRole('dialog', { name: session.endedTitle });
  await waiting.getByRole('button', { name: session.other }).click();
  await heading(gone.page, session.signInTitle).waitFor();
  await waiting.waitFor({ state: 'detached' });
  expect(await gone.page.content()).not.toContain('gone@example.com');
});

test('an answer of 401 that comes late ends nothing that has begun since', async () => {
  const late = await consoles.owner('late');
  let held: (() => Promise<void>) | undefined;
  await late.page.route('**/api/projects?*', async (route) => {
    if (held) return route.continue();
    // it goes with the cookie of a session that is over, and its answer comes when there is another
    const answer = await route.fetch({
      headers: { ...route.request().headers(), cookie: `launchdb=${'x'.repeat(43)}` },
    });
    held = () => route.fulfill({ response: answer });
    return undefined;
  });
  await late.page.goto('/');
  await expect.poll(() => held !== undefined).toBe(true);
  await signIn(late.context, 'late');
  await held?.();
  await late.page.getByText(/./).first().waitFor();
  await late.page.waitForTimeout(500);
  expect(await late.page.getByRole('dialog', { name: session.endedTitle }).count()).toBe(0);
  await late.page.reload();
  await late.page.getByText(projects.emptyTitle).waitFor();
  await late.context.close();
});
