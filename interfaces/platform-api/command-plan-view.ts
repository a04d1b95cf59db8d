/** `?plan=true`: what a command would do, told before it is done. */
import { z } from 'zod';
import {
  planCommand,
  type CommandPlan,
  type PlanDependencies,
  type Trial,
  type Usual,
} from '../../application/project/plan-command.ts';
import { problemBody } from '../http/error-body.ts';
import { problemOf } from '../http/problems.ts';

export const planQuery = z.object({
  plan: z
    .enum(['true', 'false'])
    .default('false')
    .describe('true: answers 200 with the plan of the command, and nothing is done, recorded or reserved.'),
});

const usual = {
  usual_ms: z.int().nullable().describe('The median of the latest runs here; null: there was none yet.'),
  samples: z.int().describe('Of how many runs that is the median, 100 at most.'),
};

const answer = z.looseObject({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
});

export const planView = z.object({
  allowed: z.boolean().describe('Whether the command would be accepted now.'),
  problem: answer.nullable().describe('What it would be answered instead.'),
  process: z
    .string()
    .nullable()
    .describe(
      'null: it would begin none, since there is nothing to do, or, where `takes` names something, since that stands ready.',
    ),
  steps: z
    .array(z.object({ step: z.string(), text: z.string(), ...usual }))
    .describe('In the order in which they are done, one after the other.'),
  ...usual,
  connections: z
    .object({
      change: z.int().describe('What is taken (+) or given back (-).'),
      used: z.int().describe('By all projects of that PostgreSQL server, before.'),
      limit: z.int(),
    })
    .nullable(),
  takes: z.array(z.string()),
  frees: z.array(z.string()),
  effects: z.array(z.string()).describe('Who notices it, and how.'),
  cannot_be_undone: z.array(z.string()),
});

/** @throws {Rejection} project/not-found */
export async function planReply(dependencies: PlanDependencies, command: (on: Trial) => Promise<unknown>) {
  const plan = await planCommand(dependencies, command);
  return { status: 200, body: planBody(plan) } as const;
}

function planBody(plan: CommandPlan): z.input<typeof planView> {
  const { refusal, connections } = plan;
  return {
    allowed: refusal === undefined,
    problem: refusal ? answerTo(refusal) : null,
    process: plan.process ?? null,
    steps: plan.steps.map(({ step, text, usual: time }) => ({ step, text, ...usualBody(time) })),
    ...usualBody(plan.usual),
    connections: connections ? { ...connections } : null,
    takes: [...plan.takes],
    frees: [...plan.frees],
    effects: [...plan.effects],
    cannot_be_undone: [...plan.cannotBeUndone],
  };
}

const usualBody = (time: Usual | undefined) => ({
  usual_ms: time?.ms ?? null,
  samples: time?.samples ?? 0,
});

/** As the command would be answered; there is no request of which that would be an instance. */
function answerTo(refusal: Error): z.input<typeof answer> {
  const { instance: _, ...told } = problemBody(problemOf(refusal), '');
  return told as z.input<typeof answer>;
}
