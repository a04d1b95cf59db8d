/** Whether a token opens a project's REST API, told without it: for a project that sleeps. */
import type { ExistingProject } from '../../domain/project/project.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';
import type { Clock } from '../ports/clock.ts';
import type { Secrets, TokenVerdict } from '../ports/secrets.ts';
import { verifyingKeysOf } from '../desired/desired-project.ts';

type Judged = Pick<ExistingProject, 'secrets' | 'previousKeys' | 'signingKeys'>;

export interface JudgeDependencies {
  readonly secrets: Secrets;
  readonly clock: Clock;
  /** by a read model */
  readonly find: (id: ProjectId) => Promise<Judged | undefined>;
}

/** of the read model, in which a rotation may not have come yet whose keys are out already */
const LAG_MS = 250;
const JWT = /^[\w-]+\.[\w-]+\.[\w-]+$/;

export async function judgeToken(
  { secrets, clock, find }: JudgeDependencies,
  id: ProjectId,
  token: string,
): Promise<TokenVerdict> {
  // what most who try do not even have; it costs no look
  if (!JWT.test(token)) return 'wrong';
  const look = async (): Promise<TokenVerdict> => {
    const found = await find(id);
    return found ? secrets.judge(token, verifyingKeysOf(secrets, { id, ...found })) : 'wrong';
  };
  const verdict = await look();
  if (verdict !== 'wrong') return verdict;
  await clock.sleep(LAG_MS);
  return look();
}
