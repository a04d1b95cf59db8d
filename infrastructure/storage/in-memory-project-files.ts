import type { ProjectFiles, TakenByFiles } from '../../application/ports/project-files.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';

export class InMemoryProjectFiles implements ProjectFiles {
  readonly #sizes = new Map<ProjectId, readonly number[]>();

  put(project: ProjectId, bytes: number): void {
    this.#sizes.set(project, [...(this.#sizes.get(project) ?? []), bytes]);
  }

  removeAll(project: ProjectId, signal: AbortSignal): Promise<void> {
    return this.#unless(signal, () => void this.#sizes.delete(project));
  }

  taken(project: ProjectId, signal: AbortSignal): Promise<TakenByFiles> {
    return this.#unless(signal, () => {
      const sizes = this.#sizes.get(project) ?? [];
      return { files: sizes.length, bytes: sizes.reduce((sum, size) => sum + size, 0) };
    });
  }

  async #unless<T>(signal: AbortSignal, work: () => T): Promise<T> {
    await Promise.resolve();
    signal.throwIfAborted();
    return work();
  }
}
