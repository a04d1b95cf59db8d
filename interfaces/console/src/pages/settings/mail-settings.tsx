import { AuthForm } from './auth-settings.tsx';
import { Mailbox } from './mailbox.tsx';
import { Read } from './read-settings.tsx';
import { Templates } from './templates.tsx';
import { useSettings, type AuthSettings } from './use-settings.ts';

/** What is mailed to users, by which server. */
export function MailSettings() {
  const { queries } = useSettings();
  return (
    <Read query={queries.auth as never}>
      {(auth: AuthSettings) => (
        <>
          <AuthForm form="smtp" auth={auth} />
          <AuthForm form="codes" auth={auth} />
          <Templates auth={auth} />
          <Mailbox />
        </>
      )}
    </Read>
  );
}
