import type { ProjectId } from '../../domain/project/project-id.ts';
import type { ImageTransformer } from '../ports/image-transformer.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { ProjectFiles, TakenByFiles } from '../ports/project-files.ts';
import type { UploadSpool } from '../ports/upload-spool.ts';
import { unlessAborted } from '../background/deadline.ts';

export interface StoredProjectFilesDependencies {
  readonly store: Pick<ObjectStore, 'removeAll'>;
  readonly spool: Pick<UploadSpool, 'removeAll'>;
  readonly images: Pick<ImageTransformer, 'forget'>;
  /** what is counted along of what the store has */
  readonly usage: { of(project: ProjectId): Promise<TakenByFiles> };
}

/** In the process that has the store. */
export class StoredProjectFiles implements ProjectFiles {
  readonly #dependencies: StoredProjectFilesDependencies;

  constructor(dependencies: StoredProjectFilesDependencies) {
    this.#dependencies = dependencies;
  }

  async removeAll(project: ProjectId, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { store, spool, images } = this.#dependencies;
    // first what could still become a file
    await spool.removeAll(project);
    await store.removeAll(project, signal);
    await images.forget(project);
  }

  /** Counting goes on for whoever comes next. */
  taken(project: ProjectId, signal: AbortSignal): Promise<TakenByFiles> {
    const counted = this.#dependencies.usage.of(project);
    return unlessAborted(counted, signal, () => signal.throwIfAborted() as never);
  }
}
