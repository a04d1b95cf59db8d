/** Goes where it is sent, as browsers do, and keeps cookies where they belong. */
interface Cookie {
  readonly name: string;
  readonly value: string;
  readonly host: string;
  readonly path: string;
  /** of pages of other sites only when somebody goes there by GET */
  readonly isLax: boolean;
}

export class Browser {
  #cookies: readonly Cookie[] = [];

  /** Goes to an address, and not on from there. @param form what a page of another site posts there */
  async ask(address: string, form?: URLSearchParams): Promise<Response> {
    const { hostname, pathname } = new URL(address);
    const cookie = this.#cookies
      .filter(({ host, path, isLax }) => host === hostname && below(pathname, path) && !(form && isLax))
      .map(({ name, value }) => `${name}=${value}`)
      .join('; ');
    const answer = await fetch(address, {
      redirect: 'manual',
      headers: { cookie },
      ...(form && { method: 'POST', body: form }),
    });
    for (const set of answer.headers.getSetCookie()) this.#keep(set, hostname, pathname);
    return answer;
  }

  /** Goes on wherever it is sent. @returns the first address that begins like this, where it does not go */
  async go(address: string, until: string): Promise<string> {
    for (let at = address; ;) {
      if (at.startsWith(until)) return at;
      const answer = await this.ask(at);
      const next = answer.headers.get('location');
      if (next === null) throw new Error(`${at} leads nowhere: ${answer.status} ${await answer.text()}`);
      at = new URL(next, at).href;
    }
  }

  #keep(set: string, host: string, from: string): void {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(set) ?? [];
    const path = /; *path=([^;]*)/i.exec(set)?.[1] ?? from.replace(/\/[^/]*$/, '/');
    const others = this.#cookies.filter((one) => one.name !== name || one.host !== host || one.path !== path);
    const kept = { name, value, host, path, isLax: /; *samesite=lax/i.test(set) };
    this.#cookies = value === '' ? others : [...others, kept];
  }
}

const below = (pathname: string, path: string): boolean =>
  pathname === path || pathname.startsWith(path.endsWith('/') ? path : `${path}/`);
