/** Projects that are asked for and are not there: whoever has a good key for one that sleeps waits until it is awake. */
import type { ServerResponse } from 'node:http';
import type { ProjectId } from '../../domain/project/project-id.ts';
import { pause } from '../../application/background/pause.ts';
import { absent, isOnDemand } from './absent-project.ts';
import type { GatewayOptions } from './gateway-options.ts';
import type { GatewayLimits } from './limits.ts';
import { PROBLEMS, type GatewayProblem } from './problem.ts';
import { WakeQueue } from './wake-queue.ts';

const SHOWN_WITHIN_MS = 100;

type Options = Pick<GatewayOptions, 'projectState' | 'judge' | 'dataApis' | 'wake' | 'log'>;

export class Wakes {
  readonly #options: Options;
  readonly #queue: WakeQueue;

  constructor(options: Options, limits: GatewayLimits) {
    this.#options = options;
    this.#queue = new WakeQueue(options.wake, limits);
  }

  /**
   * Waits until a sleeping project is awake, if the token opens it; the body of the request is not read meanwhile.
   * @returns why it cannot be had; undefined: it should be there now, or nobody waits for an answer any more
   */
  async wait(
    response: ServerResponse,
    project: ProjectId,
    token: string,
  ): Promise<GatewayProblem | undefined> {
    const { projectState, judge, dataApis, log } = this.#options;
    const status = await projectState(project);
    if (!isOnDemand(status)) return absent(status);
    const verdict = await judge(project, token);
    if (verdict !== 'good') return PROBLEMS.invalidKey(verdict);
    const gone = new AbortController();
    const leave = () => gone.abort();
    response.once('close', leave);
    if (response.destroyed) leave();
    const waited = await this.#queue.wait(project, gone.signal);
    response.off('close', leave);
    if (waited === 'full') return PROBLEMS.wakeBusy;
    if (waited === 'gone') return undefined;
    if (waited === 'awake') {
      // it may have been awake before, started by another process a moment ago
      if (!dataApis.endpoint(project)) await dataApis.refresh?.();
      return undefined;
    }
    log.warn({ project, err: waited.failed }, 'a project was not woken');
    // paused or deleted meanwhile, or an operator has to look
    const now = await this.#stateNow(project);
    return isOnDemand(now) ? PROBLEMS.projectSleeps : absent(now);
  }

  /** A view that still shows it asleep is looked at again: it is behind the events by a moment (docs/decisions/0106). */
  async #stateNow(project: ProjectId): ReturnType<GatewayOptions['projectState']> {
    const { projectState } = this.#options;
    const status = await projectState(project);
    if (!isOnDemand(status)) return status;
    await pause(SHOWN_WITHIN_MS);
    return projectState(project);
  }
}
