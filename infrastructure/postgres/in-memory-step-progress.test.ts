import { stepProgressContract } from '../../application/ports/step-progress.contract.ts';
import { InMemoryStepProgress } from './in-memory-step-progress.ts';

stepProgressContract('in memory', () => {
  const progress = new InMemoryStepProgress();
  return Promise.resolve({ progress: [progress, progress], close: () => Promise.resolve() });
});
