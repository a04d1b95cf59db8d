/**
 * The EventStoreDB for tests as a program: `node run-esdb-server.ts PORT` (0: any free one). Prints one line,
 * `ready <connection string>`, and serves until SIGTERM or SIGINT. What it holds is in memory and gone with it.
 */
import { once } from 'node:events';
import { EsdbServer } from './esdb-server.ts';
import { MOST_MESSAGE_BYTES } from './serving.ts';

const port = Number(process.argv[2] ?? 0);
if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new Error(`${process.argv[2]} is not a port`);
// as docker-compose.yml sets the real one
const server = await EsdbServer.started({ port, maxAppendBytes: MOST_MESSAGE_BYTES });
process.stdout.write(`ready ${server.url}\n`);
await Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')]);
await server.stop();
