import { authForms } from '../../texts/en/auth-settings.ts';
import { authFields } from '../../texts/en/setting-fields.ts';
import { AUTH_FORMS } from './auth-fields.ts';
import { Providers } from './providers.tsx';
import { Read } from './read-settings.tsx';
import { FormSection } from './settings-form.tsx';
import { useSettings, type AuthSettings } from './use-settings.ts';

/** Who may sign in and how. What is mailed has a part of its own. */
export function AuthSettingsForms() {
  const { queries } = useSettings();
  return (
    <Read query={queries.auth as never}>
      {(auth: AuthSettings) => (
        <>
          {(['signUps', 'addresses', 'passwords', 'sessions'] as const).map((form) => (
            <AuthForm key={form} form={form} auth={auth} />
          ))}
          <Providers auth={auth} />
          {(['factors', 'passkeys', 'captcha', 'hooks'] as const).map((form) => (
            <AuthForm key={form} form={form} auth={auth} />
          ))}
        </>
      )}
    </Read>
  );
}

/** One form over the auth settings. */
export function AuthForm({
  form,
  auth,
}: {
  readonly form: keyof typeof AUTH_FORMS;
  readonly auth: AuthSettings;
}) {
  const { change } = useSettings();
  return (
    <FormSection
      {...authForms[form]}
      fields={AUTH_FORMS[form]}
      words={(path) => authFields[path] ?? { label: path }}
      saved={auth.settings}
      pointer="/body/settings"
      send={(changed) => change('auth', changed)}
    />
  );
}
