import type { Progress, StepOf, StepProgress, ToldProgress } from '../../application/ports/step-progress.ts';

/** For tests: passes the same contract as the real one. */
export class InMemoryStepProgress implements StepProgress {
  readonly #told = new Map<string, ToldProgress>();

  tell({ aggregate, id, step }: StepOf, progress: Progress | undefined): void {
    if (progress) this.#told.set(`${aggregate} ${id}`, { ...progress, step, at: new Date() });
    else this.#told.delete(`${aggregate} ${id}`);
  }

  of(aggregate: string, id: string): Promise<ToldProgress | undefined> {
    return Promise.resolve(this.#told.get(`${aggregate} ${id}`));
  }
}
