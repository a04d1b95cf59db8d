import { measuredSizesContract } from '../../application/ports/measured-sizes.contract.ts';
import { InMemoryMeasuredSizes } from './in-memory-measured-sizes.ts';

measuredSizesContract('in memory', () =>
  Promise.resolve({ measured: new InMemoryMeasuredSizes(), close: () => Promise.resolve() }),
);
