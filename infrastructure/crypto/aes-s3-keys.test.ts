import { randomBytes } from 'node:crypto';
import { s3KeysContract } from '../../application/ports/s3-keys.contract.ts';
import { AesS3Keys } from './aes-s3-keys.ts';

s3KeysContract('AES', () => new AesS3Keys(randomBytes(32)));
