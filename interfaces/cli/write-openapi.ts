/** `npm run openapi`: writes openapi.json from the schemas that validate. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openapiText } from '../http/openapi.ts';
import { API_DOCUMENT } from '../platform-api/api-document.ts';
import { documentedEndpoints } from '../platform-api/documented-endpoints.ts';

const file = join(import.meta.dirname, '..', '..', 'openapi.json');
writeFileSync(file, openapiText(documentedEndpoints(), API_DOCUMENT));
