/** Commands by HTTP: a new display name, of as many projects as there are callers; beside plain one-row INSERTs on the same server. */
import { newName, servedProject } from '../bench-project.ts';
import { answerOf, keepAsking } from '../keep-asking.ts';
import { plainInserts } from '../plain-inserts.ts';
import type { Context, Group, Section } from '../section.ts';

const CALLERS = [1, 16] as const;
/** of one the platform takes 1,200 changes a minute */
const OWNERS = 4;
const INSERTS = 'plain INSERTs';

export const section: Section = {
  name: 'commands',
  summary:
    'PATCH of a display name through the gateway, each caller of its own project; beside plain one-row INSERTs (pgbench)',
  groups: CALLERS.map((callers, nth) => ({
    name: `${callers} ${callers === 1 ? 'caller' : 'callers'}`,
    main: nth === 0,
    prepare: (context) => commands(context, callers),
  })),
};

async function commands(context: Context, callers: number): Promise<Group> {
  const platform = await context.platform();
  const inserts = await context.share('inserts', () => plainInserts(platform.superuser('launchdb')));
  const owners: string[] = [];
  while (owners.length < Math.min(OWNERS, callers)) owners.push(await platform.owner(newName()));
  const projects: { readonly id: string; readonly token: string }[] = [];
  while (projects.length < callers) {
    const token = owners[projects.length % owners.length] ?? '';
    projects.push({ id: (await servedProject(platform, token)).id, token });
  }
  let nth = 0;
  const rename = ({ id, token }: (typeof projects)[number]) =>
    answerOf(`${platform.url}/api/projects/${id}`, {
      method: 'PATCH',
      headers: { authorization: `Bearer ${token}` },
      body: { display_name: `Renamed ${nth++}` },
    });
  const name = `${callers} ${callers === 1 ? 'caller' : 'callers'}`;
  return {
    ways: {
      command: async () => {
        const { perSecond, times } = await keepAsking(projects, context.seconds, rename);
        return { rate: perSecond, ms: times };
      },
      [INSERTS]: async () => ({ rate: await inserts.rate(callers, context.seconds) }),
    },
    figures: [
      { name: `commands, ${name}`, unit: '/s', of: ['command', 'rate'], beside: [INSERTS, 'rate'] },
      { name: `commands, ${name}, p50`, unit: 'ms', of: ['command', 'ms'] },
      { name: `commands, ${name}, p99`, unit: 'ms', of: ['command', 'ms'], quantile: 0.99 },
    ],
  };
}
