import type { DocumentInfo } from '../http/openapi.ts';
import { isOperators, type ApiEndpoint } from './api-endpoint.ts';
import { operatorScopeOf } from './operator-endpoint.ts';
import { scopesOf, type Endpoint } from './owner-endpoint.ts';

/** What the platform API's OpenAPI document says beside its endpoints. */
export const API_DOCUMENT: DocumentInfo<ApiEndpoint> = {
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
    operatorSession: {
      type: 'apiKey',
      in: 'cookie',
      name: '__Host-launchdb-operator',
      description:
        '`launchdb-operator` where the platform is not reached by TLS. See POST /api/operator/session.',
    },
    operatorToken: { type: 'http', scheme: 'bearer', bearerFormat: 'ldo_...' },
    personalToken: { type: 'http', scheme: 'bearer', bearerFormat: 'ldb_...' },
  },
  securityOf: (endpoint) => {
    if (endpoint.auth === 'none') return [];
    if (isOperators(endpoint))
      return [{ operatorToken: [operatorScopeOf(endpoint)] }, { operatorSession: [] }];
    // of a bearer token the list holds the scopes that it needs (OpenAPI 3.1)
    const personal = endpoint.auth === 'owner' ? [{ personalToken: scopesOf(endpoint as Endpoint) }] : [];
    return [{ accessToken: [] }, { browserSession: [] }, ...personal];
  },
};
