import { randomBytes } from 'node:crypto';
import { secretsContract } from '../../application/ports/secrets.contract.ts';
import { AesSecrets } from './aes-secrets.ts';

secretsContract('AES-256-GCM', (logins, masterKey = randomBytes(32)) => new AesSecrets(masterKey, logins));
