/** What the configuration does not offer yet: projects whose names begin with `second` are on a server of that name. */
import { MAIN_SERVER } from '../../domain/project/server-name.ts';
import { PostgresServer, serverAddressOf } from '../../infrastructure/postgres/postgres-server.ts';
import type { Customise } from '../composition/compose.ts';
import { TOKENS } from '../composition/tokens.ts';

const SECOND = 'second';

export const withSecondServer =
  (url: string): Customise =>
  (container) => {
    container.onActivation(
      TOKENS.projectsServers,
      (_context, servers) => new Map([...servers, [SECOND, new PostgresServer(serverAddressOf(url))]]),
    );
    container.onActivation(
      TOKENS.place,
      () =>
        ({ name }) =>
          name.startsWith(SECOND) ? SECOND : MAIN_SERVER,
    );
  };
