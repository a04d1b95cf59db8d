import type { DocumentInfo } from '../http/openapi.ts';
import { scopesOf, type Endpoint } from './owner-endpoint.ts';

/** What the platform API's OpenAPI document says beside its endpoints. */
export const API_DOCUMENT: DocumentInfo<Endpoint> = {
  title: 'LaunchDB platform API',
  version: '1',
  securitySchemes: {
    accessToken: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
    browserSession: {
      type: 'apiKey',
      in: 'cookie',
      name: '__Host-launchdb',
      description:
        '`launchdb` where the platform is not reached by TLS. See POST /api/session for what else a request needs.',
    },
    personalToken: { type: 'http', scheme: 'bearer', bearerFormat: 'ldb_...' },
  },
  securityOf: (endpoint) => {
    if (endpoint.auth === 'none') return [];
    // of a bearer token the list holds the scopes that it needs (OpenAPI 3.1)
    const personal = endpoint.auth === 'owner' ? [{ personalToken: scopesOf(endpoint) }] : [];
    return [{ accessToken: [] }, { browserSession: [] }, ...personal];
  },
};
