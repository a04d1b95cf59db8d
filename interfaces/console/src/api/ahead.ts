/** What was asked of the platform before whoever wants it was there. Imports nothing: it runs before everything else. */
export const PROJECTS_PER_PAGE = 200;

const answers = new Map<string, Promise<Response>>();

/** Asks, and keeps the answer until it is taken. */
export function askAhead(path: string): void {
  const answer = fetch(path, { headers: { 'x-launchdb-console': '1' } });
  // whoever takes it hears of it
  answer.catch(() => {});
  answers.set(new URL(path, location.origin).href, answer);
}

/** The answer to this request, if it was asked for ahead and nobody has taken it yet. */
export function takeAnswer({ method, url }: Request): Promise<Response> | undefined {
  if (method !== 'GET') return undefined;
  const answer = answers.get(url);
  answers.delete(url);
  return answer;
}
