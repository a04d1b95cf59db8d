import { mailOutboxContract } from '../../application/ports/mail-outbox.contract.ts';
import { testUsers } from '../testing/users.ts';
import { PgMailOutbox } from './pg-mail-outbox.ts';

mailOutboxContract('in PostgreSQL', async () => {
  const users = await testUsers();
  const {
    connections,
    directory,
    as,
    projects: [project],
  } = users;
  return {
    outbox: new PgMailOutbox(connections),
    project,
    add: (mail) => directory.with(project, ({ outbox }) => outbox.add(mail)),
    empty: async () => void (await as('auth', 'DELETE FROM auth.mail_outbox')),
    age: async (ms) =>
      void (await as(
        'auth',
        `UPDATE auth.mail_outbox SET try_at = try_at - interval '${ms} ms', done_at = done_at - interval '${ms} ms'`,
      )),
    close: () => users.close(),
  };
});
