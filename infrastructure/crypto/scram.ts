import { createHash, createHmac, pbkdf2, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';

const derive = promisify(pbkdf2);
/** RFC 7677 wants them, and people's clients insist on them. */
const ITERATIONS = 4096;
/**
 * For a random password that only programs of ours log in with. Iterations are there to make the guessing of a weak one
 * slow; whoever logs in works through them every time (docs/decisions/0098).
 */
export const NOTHING_TO_GUESS = 1;

/**
 * PostgreSQL's stored form of a password (RFC 5802): it proves a password and cannot be turned back. Our
 * passwords are ASCII, so no normalisation (SASLprep) is needed.
 */
export async function scramVerifier(
  password: string,
  salt: Uint8Array = randomBytes(16),
  iterations = ITERATIONS,
): Promise<string> {
  const salted = await derive(password, salt, iterations, 32, 'sha256');
  const hmac = (text: string) => createHmac('sha256', salted).update(text).digest();
  const storedKey = createHash('sha256').update(hmac('Client Key')).digest('base64');
  const serverKey = hmac('Server Key').toString('base64');
  return `SCRAM-SHA-256$${iterations}:${Buffer.from(salt).toString('base64')}$${storedKey}:${serverKey}`;
}
