import { expect, test } from 'vitest';
import { topicOf, typeText } from './event-types.ts';

test.each([
  ['ApiKeysRevealed', 'API keys revealed', 'key'],
  ['SqlExecuted', 'SQL executed', 'sql'],
  ['S3KeyMade', 'S3 key made', 'key'],
  ['DataApiSettingsChanged', 'Data API settings changed', 'settings'],
  ['ProvisioningFailed', 'Provisioning failed', 'warning'],
  ['OwnerSignedIn', 'Owner signed in', 'account'],
  ['ProjectSlept', 'Project slept', 'clock'],
])('%s is called %s', (type, text, topic) => {
  expect([typeText(type), topicOf(type)]).toEqual([text, topic]);
});
