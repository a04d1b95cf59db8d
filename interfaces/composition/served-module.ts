import { ContainerModule } from 'inversify';
import { readBuiltConsole } from '../platform-api/built-console.ts';
import { consolePages } from '../platform-api/console-pages.ts';
import { TOKENS } from './tokens.ts';

/** What the platform API serves: the routes of all modules, and the console. */
export const servedModule = new ContainerModule(({ bind }) => {
  bind(TOKENS.endpoints).toDynamicValue(async (context) => (await context.getAllAsync(TOKENS.routes)).flat());
  bind(TOKENS.consolePages).toDynamicValue(async () => consolePages(await readBuiltConsole()));
});
