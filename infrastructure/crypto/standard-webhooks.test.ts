import { expect, test } from 'vitest';
import { webhookHeaders } from './standard-webhooks.ts';

// the example that the libraries of the standard are tested with
const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const message = {
  id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
  timestamp: 1_614_265_330,
  body: '{"test": 2432232314}',
};
const SIGNATURE = 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=';

test('a message is signed as others sign it, however the secret is written', () => {
  for (const secret of [SECRET, `v1,${SECRET}`])
    expect(webhookHeaders(secret, message)).toEqual({
      'webhook-id': message.id,
      'webhook-timestamp': '1614265330',
      'webhook-signature': SIGNATURE,
    });
});

test('each part of it is signed, and by this secret', () => {
  const signatures = [
    webhookHeaders(SECRET, { ...message, id: 'msg_2' }),
    webhookHeaders(SECRET, { ...message, timestamp: 1 }),
    webhookHeaders(SECRET, { ...message, body: '{}' }),
    webhookHeaders('whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA', message),
  ].map((headers) => headers['webhook-signature']);
  expect(new Set([...signatures, SIGNATURE]).size).toBe(5);
});
