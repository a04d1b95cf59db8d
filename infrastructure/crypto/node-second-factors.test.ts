import { secondFactorsContract } from '../../application/ports/second-factors.contract.ts';
import { nodeSecondFactors } from './node-second-factors.ts';

secondFactorsContract(nodeSecondFactors);
