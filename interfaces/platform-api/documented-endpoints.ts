/** Every route of the platform API without what it works with: for the document, never to be called. */
import type { ApiEndpoint } from './api-endpoint.ts';
import { operatorEndpoints } from './operator-endpoints.ts';
import { auditEndpoints } from './audit.ts';
import { migrationEndpoints } from './migrations.ts';
import { ownerEndpoints } from './owners.ts';
import { projectAccessEndpoints } from './project-access.ts';
import { projectAuthEndpoints } from './project-auth.ts';
import { projectStorageEndpoints } from './project-storage.ts';
import { projectMailboxEndpoints } from './project-mailbox.ts';
import { projectExtensionsEndpoints } from './project-extensions.ts';
import { projectHistoryEndpoints } from './project-history.ts';
import { projectPastEndpoints } from './project-past.ts';
import { serviceTokenEndpoints } from './service-token.ts';
import { sessionEndpoints } from './session.ts';
import { projectCommandEndpoints } from './project-commands.ts';
import { projectUsageEndpoints } from './project-usage.ts';
import { projectEndpoints } from './projects.ts';
import { signingKeyEndpoints } from './signing-keys.ts';
import { tokenEndpoints } from './tokens.ts';

const nothing = {} as never;

export const documentedEndpoints = (): readonly ApiEndpoint[] => [
  ...ownerEndpoints(nothing),
  ...sessionEndpoints(nothing),
  ...tokenEndpoints(nothing),
  ...auditEndpoints(nothing),
  ...projectEndpoints(nothing),
  ...projectCommandEndpoints(nothing),
  ...projectUsageEndpoints(nothing),
  ...projectAccessEndpoints(nothing),
  ...serviceTokenEndpoints(nothing),
  ...projectAuthEndpoints(nothing),
  ...projectMailboxEndpoints(nothing),
  ...signingKeyEndpoints(nothing),
  ...projectStorageEndpoints(nothing),
  ...projectExtensionsEndpoints(nothing),
  ...projectHistoryEndpoints(nothing),
  ...projectPastEndpoints(nothing),
  ...migrationEndpoints(nothing),
  ...operatorEndpoints(nothing),
];
