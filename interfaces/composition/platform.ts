/**
 * The platform, or those roles of it that this process has. The modules say how things are made from one another;
 * PARTS says in which order they start: servers, log, views, data plane, processes, HTTP. They stop in reverse.
 */
import { compose, type Customise } from './compose.ts';
import { Lifecycle, orInterrupted } from './lifecycle.ts';
import { prepareMachine } from './machine.ts';
import type { PlatformOptions } from './platform-options.ts';
import { partsOf } from './roles.ts';
import { TOKENS } from './tokens.ts';

export interface Platform {
  /** where the gateway is reached, without a slash at the end */
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * @throws {Refused} it cannot start here; the message says what to do. Nothing is left running then.
 * @throws {StartInterrupted} as was asked for; nothing is left running
 */
export async function startPlatform(
  options: PlatformOptions,
  customise: Customise = () => {},
): Promise<Platform> {
  const lifecycle = new Lifecycle(options.log, options.interrupted);
  try {
    const machine = await orInterrupted(prepareMachine(options, lifecycle), options.interrupted);
    const container = compose(options, machine);
    customise(container);
    for (const part of partsOf(options.config.LAUNCHDB_ROLES))
      await lifecycle.start(await container.getAsync(part));
    return { url: await container.getAsync(TOKENS.publicUrl), stop: () => lifecycle.stop() };
  } catch (error) {
    await lifecycle.stop();
    throw error;
  }
}
