/** Whether a password made a hash, of whatever kind, each in Node's thread pool. */
import { createCipheriv, scrypt, timingSafeEqual } from 'node:crypto';
import argon2 from 'argon2';
import type { Argon2Hash, BcryptHash, FirebaseHash, PasswordHash } from '../../domain/auth/password-hash.ts';

export function matches(hash: PasswordHash, password: string): Promise<boolean> {
  switch (hash.kind) {
    case 'argon2':
      return matchesArgon2(hash, password);
    case 'bcrypt':
      return matchesBcrypt(hash, password);
    case 'firebase-scrypt':
      return matchesFirebase(hash, password);
  }
}

async function matchesArgon2(given: Argon2Hash, password: string): Promise<boolean> {
  const hash = Buffer.from(given.hash, 'base64');
  const made = await argon2.hash(password, {
    raw: true,
    type: given.variant === 'argon2id' ? argon2.argon2id : argon2.argon2i,
    version: given.version,
    memoryCost: given.memoryKib,
    timeCost: given.passes,
    parallelism: given.lanes,
    salt: Buffer.from(given.salt, 'base64'),
    hashLength: hash.length,
  });
  return timingSafeEqual(made, hash);
}

/**
 * The library takes `2y` for unknown, and with `2a` counts the bytes of a long password as OpenBSD once did, modulo 256.
 * What others made with any of the three is the same as `2b`.
 */
async function matchesBcrypt({ cost, rest }: BcryptHash, password: string): Promise<boolean> {
  // nearly a megabyte, which most platforms have no hash for
  const { default: bcrypt } = await import('bcrypt');
  return bcrypt.compare(password, `$2b$${String(cost).padStart(2, '0')}$${rest}`);
}

async function matchesFirebase(given: FirebaseHash, password: string): Promise<boolean> {
  const [salt, separator, signerKey, hash] = [
    given.salt,
    given.saltSeparator,
    given.signerKey,
    given.hash,
  ].map((text) => Buffer.from(text, 'base64')) as [Buffer, Buffer, Buffer, Buffer];
  const { rounds: N, blockSize: r, lanes: p } = given;
  const key = await new Promise<Buffer>((resolve, reject) => {
    const options = { N, r, p, maxmem: 256 * r * (N + p) };
    scrypt(password, Buffer.concat([salt, separator]), 32, options, (error, made) =>
      error ? reject(error) : resolve(made),
    );
  });
  const made = createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(signerKey);
  return made.length === hash.length && timingSafeEqual(made, hash);
}
