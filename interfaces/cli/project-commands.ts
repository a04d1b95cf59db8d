/** `why`, `retry`: about one project. */
import { Refused } from '../../application/errors.ts';
import { explainAnyProject } from '../../application/operator/explain-any-project.ts';
import { retryStep } from '../../application/operator/retry-step.ts';
import { isProjectId, type ProjectId } from '../../domain/project/project-id.ts';
import { byOperator, type Command } from './command.ts';

export const whyCommand: Command = {
  name: 'why',
  usage: '<project>',
  summary: 'Tell in words what happened to a project, what caused what, and what it waits for.',
  flags: [],
  arguments: [1, 1],
  async run({ store }, { args: [given = ''], say }) {
    const explained = await explainAnyProject(store, projectIdOf(given));
    if (!explained) throw new Refused(`the log knows no project ${given}`);
    const { summary, waitsFor, advice, chain } = explained;
    for (const link of chain) {
      const cause = link.causedBy === null ? link.reason : `follows from ${link.causedBy}; ${link.reason}`;
      say(
        `${String(link.revision).padStart(4)}  ${link.at.toISOString()}  ${link.text}.  [${link.actor.kind} ${link.actor.id}; ${cause}]`,
      );
    }
    say(`\n${summary}`);
    if (waitsFor) {
      const until = waitsFor.until ? `; next try at ${waitsFor.until.toISOString()}` : '';
      say(
        `It waits for ${waitsFor.step}, which failed ${waitsFor.attempts} times: ${waitsFor.reason}${until}.`,
      );
    }
    if (advice !== null) say(advice);
    return 0;
  },
};

export const retryCommand: Command = {
  name: 'retry',
  usage: '<project>',
  summary: 'Have the step of a suspended project tried again.',
  flags: [],
  arguments: [1, 1],
  async run(operator, { args: [given = ''], say }) {
    const id = projectIdOf(given);
    await retryStep(operator, id, byOperator(operator, 'launchdb retry'));
    say(`The step is tried again. "npm run launchdb -- events ${id} --follow" shows how it goes.`);
    return 0;
  },
};

/** @throws {Refused} */
export function projectIdOf(text: string): ProjectId {
  if (isProjectId(text)) return text;
  throw new Refused(`"${text}" is no project id; one looks like proj_0123456789abcdef`);
}
