/** What the platform says when it does not do something (RFC 9457), and how it is told here. */
export interface Fault {
  /** JSON pointer into `{ params, query, headers, body }` of the request */
  readonly pointer: string;
  readonly detail: string;
}

/** An answer that is not a success. `message` is a sentence for people. */
export class ApiProblem extends Error {
  readonly status: number;
  /** `subject/reason`, such as `project/name-taken` */
  readonly code: string;
  readonly title: string;
  readonly detail: string;
  readonly faults: readonly Fault[];
  /** of the request, as the platform's log has it; empty: unknown */
  readonly reference: string;
  /** every member of the answer */
  readonly members: Readonly<Record<string, unknown>>;

  constructor(status: number, members: Readonly<Record<string, unknown>>, reference: string) {
    const text = (name: string) => (typeof members[name] === 'string' ? members[name] : '');
    const title = text('title') || `The platform answered ${status}`;
    super(text('detail') || text('message') || text('msg') || title);
    this.name = 'ApiProblem';
    this.status = status;
    this.title = title;
    this.detail = this.message;
    // the platform's `type` leads to its code; services of projects have codes of their own
    this.code = text('type').split('#')[1] ?? (text('code') || text('error_code'));
    this.faults = Array.isArray(members['errors']) ? (members['errors'] as Fault[]) : [];
    this.reference = reference;
    this.members = members;
  }

  /** What is wrong with one field of a body: `faultOf('name')`. */
  faultOf(field: string): string | undefined {
    return this.faults.find(({ pointer }) => pointer === `/body/${field}`)?.detail;
  }
}

/** Nobody answered: the platform, or the way to it, is away. */
export class Unreachable extends Error {
  constructor(cause: unknown) {
    super('The platform does not answer.', { cause });
    this.name = 'Unreachable';
  }
}

/** @returns what a failed answer says, whatever wrote it */
export async function problemOf(response: Response): Promise<ApiProblem> {
  const text = await response.text().catch(() => '');
  const reference = response.headers.get('x-request-id') ?? '';
  return new ApiProblem(response.status, membersOf(text), reference);
}

function membersOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

export const isProblem = (error: unknown, code: string): error is ApiProblem =>
  error instanceof ApiProblem && error.code === code;
