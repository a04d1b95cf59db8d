import { turnsContract } from '../../application/ports/turns.contract.ts';
import { InMemoryTurns } from './in-memory-turns.ts';

turnsContract('in memory', () => {
  const turns = new InMemoryTurns();
  return Promise.resolve({ turns: [turns, turns], close: () => Promise.resolve() });
});
