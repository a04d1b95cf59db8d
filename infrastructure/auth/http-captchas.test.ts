import { expect, test } from 'vitest';
import { captchasContract } from '../../application/ports/captchas.contract.ts';
import { Unavailable } from '../../application/errors.ts';
import { projectId } from '../../domain/project/project-id.ts';
import { answeringServer, failing, json } from '../testing/answering-server.ts';
import { HttpCaptchas } from './http-captchas.ts';

captchasContract('by HTTP', async () => {
  const { url, asked, answers, close } = await answeringServer();
  return {
    captchas: new HttpCaptchas({ mayBePrivate: true, timeMs: 1_000 }),
    verifyUrl: `${url}/siteverify`,
    answers: (status, body) => answers(json(body, status)),
    fails: (how) => answers(failing[how]),
    asked: () => Object.fromEntries(new URLSearchParams(asked.at(-1)?.body)),
    close,
  };
});

const project = projectId('proj_00000000000000aa');

test.each([
  ['hcaptcha', 'api.hcaptcha.com'],
  ['turnstile', 'challenges.cloudflare.com'],
] as const)('%s is asked where it is', async (provider, host) => {
  const looked: string[] = [];
  const captchas = new HttpCaptchas({
    mayBePrivate: false,
    lookup: (name) => {
      looked.push(name);
      return Promise.resolve(['127.0.0.1']);
    },
  });
  const asked = captchas.verify(project, { provider, verifyUrl: null, secret: 's', token: 't', ip: null });
  await expect(asked).rejects.toThrow(Unavailable);
  expect(looked).toEqual([host]);
});

test('an address of the owner’s own in a private network is asked only where the operator lets it', async () => {
  const { url, asked, close } = await answeringServer(json({ success: true }));
  const check = { provider: 'hcaptcha', verifyUrl: url, secret: 's', token: 't', ip: null } as const;
  await expect(new HttpCaptchas({ mayBePrivate: false }).verify(project, check)).rejects.toThrow(Unavailable);
  expect(asked).toEqual([]);
  await close();
});
