import { Unavailable } from '../../application/errors.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';
import {
  TENANT_BOUNDS,
  type OpenSessions,
  type TenantBounds,
  type TenantSession,
} from './bounded-tenant-connections.ts';

export interface InMemoryTenants {
  /** @throws what {@link OpenSessions} throws */
  readonly login: (project: ProjectId, name: string) => Promise<unknown>;
  /**
   * What a statement answers in a transaction that sees and leaves these values; it may throw {@link SqlFailed}.
   */
  readonly answer: (
    project: ProjectId,
    login: string,
    values: Map<string, unknown>,
    text: string,
    given: readonly unknown[],
  ) => Promise<readonly object[]>;
  readonly bounds?: TenantBounds;
}

/** For tests of services: keeps values for each project, with transactions, and no SQL. */
export function inMemoryTenantSessions({
  login,
  answer,
  bounds = TENANT_BOUNDS,
}: InMemoryTenants): OpenSessions {
  const kept = new Map<ProjectId, Map<string, unknown>>();
  return async (project, name) => {
    await login(project, name);
    let taken = 0;
    const waiting: (() => void)[] = [];
    const session = (): TenantSession => {
      let values = new Map<string, unknown>();
      let ended = false;
      return {
        begin: () => Promise.resolve(void (values = new Map(kept.get(project)))),
        async query(text, given = []) {
          if (ended) throw new Unavailable(`reach ${project} as ${name}`);
          const rows = await answer(project, name, values, text, given);
          return { rows: rows as never, rowCount: rows.length };
        },
        commit: () => Promise.resolve(void kept.set(project, values)),
        rollback: () => Promise.resolve(),
        release: () => {
          ended = true;
          taken--;
          waiting.shift()?.();
        },
      };
    };
    return {
      async take() {
        while (taken >= bounds.perLogin) await new Promise<void>((resolve) => waiting.push(resolve));
        taken++;
        return session();
      },
      end: () => Promise.resolve(),
    };
  };
}
