/** What of a webhook is signed, and how: https://www.standardwebhooks.com, version 1, with a shared secret. */
import { createHmac } from 'node:crypto';

export interface WebhookMessage {
  readonly id: string;
  /** whole seconds since 1970 */
  readonly timestamp: number;
  readonly body: string;
}

/** @param secret `whsec_...`, with `v1,` before it or not */
export function webhookHeaders(
  secret: string,
  { id, timestamp, body }: WebhookMessage,
): Readonly<Record<string, string>> {
  const key = Buffer.from(secret.replace(/^(?:v1,)?whsec_/, ''), 'base64');
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  return {
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': `v1,${signature}`,
  };
}
