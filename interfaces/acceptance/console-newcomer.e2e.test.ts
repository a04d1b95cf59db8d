/**
 * A newcomer's day: somebody who has never seen the product, and has no docs, does what it is for. Everything is found by its
 * role and the name that they read. In Chromium, on the whole platform.
 */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ConsoleUnderTest, heading, PASSWORD } from './console-under-test.ts';

let consoles: ConsoleUnderTest;
let page: Page;
const DAY_MS = 24 * 60 * 60 * 1000;

beforeAll(async () => {
  consoles = await ConsoleUnderTest.start();
  ({ page } = await consoles.visitor());
});
afterAll(() => consoles.close());

const main = () => page.getByRole('main');
const dialog = () => page.getByRole('dialog').last();
const press = (name: string) => page.getByRole('button', { name, exact: true }).first().click();
const go = (name: string) =>
  page.getByRole('navigation').getByRole('link', { name, exact: true }).first().click();
const fill = (label: string, text: string) => page.getByLabel(label, { exact: true }).fill(text);
/** nothing that has just happened is told as what will be */
const noFuture = async () => expect(await main().textContent()).not.toMatch(/\bin \d+ (sec|min|hr)/);

test('signs up, makes a project and watches its steps', async () => {
  await page.goto('/');
  await page.getByRole('link', { name: 'Make one' }).click();
  await fill('E-mail address', 'nora@example.com');
  await fill('Password', PASSWORD);
  await press('Make the account');
  await page.getByRole('link', { name: 'New project' }).click();
  await fill('Name', 'Book club');
  await page.getByText('This name is free.').waitFor();
  await page.getByText('The short name stays as it is').waitFor();
  await press('Create project');
  const steps = page.getByRole('list').filter({ hasText: 'Start its REST API' }).getByRole('listitem');
  await expect.poll(() => steps.count()).toBeGreaterThan(4);
  await main().getByText('Active', { exact: true }).waitFor();
  await heading(page, 'Book club').waitFor();
});

test('makes a table, and a policy that lets everybody who is signed in see their own rows', async () => {
  await go('Tables');
  await press('New table');
  await dialog().getByLabel('Name', { exact: true }).first().fill('books');
  for (const [name, type] of [
    ['title', 'text'],
    ['reader', 'uuid'],
  ] as const) {
    await dialog().getByRole('button', { name: 'Add a column' }).click();
    await dialog().getByLabel('Name', { exact: true }).last().fill(name);
    await dialog().getByLabel('Type', { exact: true }).last().fill(type);
    // whoever ends a field so has not ended the table
    await dialog().getByLabel('Name', { exact: true }).last().press('Enter');
  }
  await dialog().getByRole('button', { name: 'Create the table' }).click();
  await heading(page, 'books').waitFor();
  // what the table says of itself leads to what helps
  await page.getByRole('link', { name: /^Closed: no policies/ }).click();
  const table = page.getByRole('region', { name: 'public.books' });
  await table.getByRole('button', { name: 'New policy' }).click();
  expect(await dialog().getByRole('combobox', { name: 'Begin with' }).textContent()).toContain('Own rows');
  expect(await dialog().getByRole('combobox', { name: 'Whose row it is' }).textContent()).toContain('reader');
  await dialog().getByRole('button', { name: 'Create the policy' }).click();
  await table.getByText('Own rows').waitFor();
});

test('invites somebody, and finds the mail that no server took', async () => {
  await go('Users');
  await press('Add user');
  await page.getByRole('menuitem', { name: 'Send an invitation' }).click();
  await dialog().getByText('Where there is no mail server it waits in Settings, Mails').waitFor();
  await dialog().getByLabel('E-mail address').fill('ben@example.org');
  await dialog().getByRole('button', { name: 'Send invitation' }).click();
  await page.getByRole('row').filter({ hasText: 'ben@example.org' }).getByText('Invited').waitFor();
  await noFuture();
  await go('Settings');
  await page.getByRole('tab', { name: 'Mails' }).click();
  await press('Show mails');
  await page.getByRole('row').filter({ hasText: 'ben@example.org' }).press('Enter');
  await dialog()
    .getByText(/http\S+verify/)
    .waitFor();
  await page.keyboard.press('Escape');
});

test('makes a bucket and uploads a file', async () => {
  await go('Files');
  await press('New bucket');
  await dialog().getByLabel('Name', { exact: true }).fill('covers');
  await dialog().getByRole('button', { name: 'Create bucket' }).click();
  await page.getByRole('row').filter({ hasText: 'covers' }).click();
  await press('Upload');
  const choosing = page.waitForEvent('filechooser');
  await page.getByRole('menuitem', { name: 'Upload files' }).click();
  const file = { name: 'dune.txt', mimeType: 'text/plain', buffer: Buffer.from('a cover') };
  await (await choosing).setFiles([file]);
  await page.getByText('1 of 1 uploaded').waitFor();
  await page.getByRole('row').filter({ hasText: 'dune.txt' }).getByText('7 bytes').waitFor();
  await noFuture();
});

test('finds out the next day who saw the keys yesterday, and how everything was set then', async () => {
  await go('Overview');
  await press('Show keys and passwords');
  await page.getByText('eyJ').first().waitFor();
  await go('Settings');
  await page.getByRole('tab', { name: 'API' }).click();
  await page.getByLabel('Most rows of an answer').fill('50');
  await press('Save');
  await page.getByText('Saved', { exact: true }).first().waitFor();

  // their computer says that it is tomorrow
  await page.clock.setFixedTime(new Date(new Date().getTime() + DAY_MS));
  await go('Overview');
  // times are told by the clock that they have now
  await main().getByText('yesterday').first().waitFor();
  await page.getByRole('link', { name: 'Who saw the keys' }).click();
  const entries = page.getByRole('list', { name: 'Entries, newest first' });
  await page.getByRole('heading', { name: 'Yesterday' }).waitFor();
  const shown = entries.getByRole('link', { name: /The API keys were shown/ });
  expect(await shown.textContent()).toContain('You');
  await shown.click();
  await dialog().getByText('As it was written').waitFor();
  await dialog().getByRole('link', { name: 'How everything was set then' }).click();
  const most = page.getByRole('row').filter({ hasText: 'Max rows' });
  await expect.poll(() => most.getByRole('cell').allTextContents()).toEqual(['1,000', '50']);
  await page.getByText('Max rows: from 1,000 to 50').waitFor();
});

test('no page broke its policy, threw, logged an error or was answered 500', () => {
  expect(consoles.faults).toEqual([]);
});
