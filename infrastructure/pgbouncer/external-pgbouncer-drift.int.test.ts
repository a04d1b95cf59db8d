import { poolerDriftContract } from './pooler-drift.contract.ts';

poolerDriftContract('somebody else');
