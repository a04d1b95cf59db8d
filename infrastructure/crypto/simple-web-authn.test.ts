import { webAuthnContract } from '../../application/ports/web-authn.contract.ts';
import { simpleWebAuthn } from './simple-web-authn.ts';

webAuthnContract('@simplewebauthn/server', simpleWebAuthn);
