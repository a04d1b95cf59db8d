import forge from 'node-forge';

const DAY_MS = 24 * 60 * 60 * 1000;

export interface ServerCertificate {
  /** PEM: whom a client has to trust */
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** A certificate for 127.0.0.1 and localhost, signed by an authority made for it alone. Valid for a day. */
export function serverCertificate(): ServerCertificate {
  const authority = forge.pki.rsa.generateKeyPair(2048);
  const server = forge.pki.rsa.generateKeyPair(2048);
  const name = [{ name: 'commonName', value: 'LaunchDB test authority' }];
  const ca = signed(authority.publicKey, name, name, authority.privateKey, [
    { name: 'basicConstraints', cA: true, critical: true },
    { name: 'keyUsage', keyCertSign: true, critical: true },
  ]);
  const cert = signed(
    server.publicKey,
    [{ name: 'commonName', value: 'eventstoredb-node' }],
    name,
    authority.privateKey,
    [
      { name: 'basicConstraints', cA: false },
      { name: 'extKeyUsage', serverAuth: true },
      // 2 is a DNS name, 7 an address
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
        ],
      },
    ],
  );
  return { ca, cert, key: forge.pki.privateKeyToPem(server.privateKey) };
}

function signed(
  publicKey: forge.pki.rsa.PublicKey,
  subject: forge.pki.CertificateField[],
  issuer: forge.pki.CertificateField[],
  signer: forge.pki.rsa.PrivateKey,
  extensions: object[],
): string {
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = publicKey;
  // a number, and not one that would be read as negative
  certificate.serialNumber = `01${forge.util.bytesToHex(forge.random.getBytesSync(8))}`;
  certificate.validity.notBefore = new Date(new Date().getTime() - DAY_MS);
  certificate.validity.notAfter = new Date(new Date().getTime() + DAY_MS);
  certificate.setSubject(subject);
  certificate.setIssuer(issuer);
  certificate.setExtensions(extensions);
  certificate.sign(signer, forge.md.sha256.create());
  return forge.pki.certificateToPem(certificate);
}
