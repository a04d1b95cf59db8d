/** `mailbox`: what projects' auth services would have sent, had they a mail server. */
import { Refused } from '../../application/errors.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';
import { listServed } from '../../projections/desired-projects/queries.ts';
import type { Operator } from '../composition/operator.ts';
import type { Command } from './command.ts';
import { projectIdOf } from './project-commands.ts';

const MOST = 20;

export const mailboxCommand: Command = {
  name: 'mailbox',
  usage: '[<project> [<mail>]]',
  summary: 'Mails that were not sent, newest first: of all projects, of one, or one mail whole.',
  flags: [],
  arguments: [0, 2],
  async run(operator, { args: [project, mail], say }) {
    const projects = project === undefined ? await served(operator) : [projectIdOf(project)];
    if (mail !== undefined && projects[0]) return whole(operator, projects[0], mail, say);
    for (const id of projects) {
      const mails = await operator.mailOutbox.list(id, MOST);
      for (const { id: mailId, createdAt, state, to, subject, lastError } of mails)
        say([createdAt.toISOString(), id, mailId, state, to, subject, lastError ?? ''].join('  ').trim());
    }
    return 0;
  },
};

const served = async ({ pool }: Operator): Promise<readonly ProjectId[]> =>
  (await listServed(pool)).map(({ projectId }) => projectId);

async function whole(
  { mailOutbox }: Operator,
  project: ProjectId,
  id: string,
  say: (line: string) => void,
): Promise<number> {
  const mails = await mailOutbox.list(project, 100);
  const found = mails.find((one) => one.id === id);
  if (!found) throw new Refused(`there is no mail ${id} in the mailbox of ${project}`);
  say(`To: ${found.to}\nSubject: ${found.subject}\n\n${found.text}`);
  return 0;
}
