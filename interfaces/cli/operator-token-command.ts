/** `operator-token`: what opens the operator's API. */
import {
  issueOperatorToken,
  listOperatorTokens,
  revokeOperatorToken,
} from '../../application/operator/operator-tokens.ts';
import { Refused } from '../../application/errors.ts';
import type { OperatorScope } from '../../domain/operator/operator-tokens.ts';
import type { Operator } from '../composition/operator.ts';
import { byOperator, type Command, type Given } from './command.ts';

const SCOPES: Readonly<Record<string, readonly OperatorScope[]>> = {
  read: ['read'],
  write: ['read', 'write'],
};
const USAGE_ERROR = 64;
const MOST_NAME = 100;

export const operatorTokenCommand: Command = {
  name: 'operator-token',
  usage: '[--scope read|write] [--name text] | list | revoke <id>',
  summary:
    "Make a token for the operator's API and print it, this once; list them; revoke one. write, the default, reads, too.",
  flags: [],
  options: ['scope', 'name'],
  arguments: [0, 2],
  async run(operator, given) {
    const { args, options, say } = given;
    const [what, id] = args;
    if (what === undefined) return make(operator, given);
    const hasOptions = options.size > 0;
    if (what === 'list' && id === undefined && !hasOptions) return list(operator, given);
    if (what === 'revoke' && id !== undefined && !hasOptions) {
      await revokeOperatorToken(operator, id, byOperator(operator, 'launchdb operator-token revoke'));
      say(`${id} is good for nothing from now on.`);
      return 0;
    }
    say(`Usage: operator-token ${this.usage}`);
    return USAGE_ERROR;
  },
};

async function make(operator: Operator, { options, say }: Given): Promise<number> {
  const [scope, name] = [options.get('scope') ?? 'write', (options.get('name') ?? 'command line').trim()];
  const scopes = Object.hasOwn(SCOPES, scope) ? SCOPES[scope] : undefined;
  if (!scopes) throw new Refused(`--scope ${scope} is not possible: read, or write`);
  if (name === '' || name.length > MOST_NAME)
    throw new Refused(`--name has to have 1 to ${MOST_NAME} characters`);
  const metadata = byOperator(operator, 'launchdb operator-token');
  const { tokenId, token } = await issueOperatorToken(operator, { name, scopes }, metadata);
  say(token);
  say(`It is ${tokenId}, and may ${scopes.join(' and ')}. It is shown this once.`);
  say('Programs send it as "Authorization: Bearer ..." to /api/operator.');
  return 0;
}

async function list({ operators }: Operator, { say }: Given): Promise<number> {
  const tokens = await listOperatorTokens(operators);
  for (const { tokenId, scopes, createdAt, name } of tokens)
    say(`${tokenId}  ${scopes.join(', ').padEnd(11)} ${createdAt.toISOString()}  ${name}`);
  if (tokens.length === 0) say('There is none.');
  return 0;
}
