import { useState } from 'react';
import { useAct } from '../../components/act.ts';
import { Section } from '../../components/page.tsx';
import { Button } from '../../components/button.tsx';
import { CodeBlock } from '../../components/code-block.tsx';
import { ConfirmDialog, Dialog } from '../../components/dialog.tsx';
import { TextField } from '../../components/field.tsx';
import { Badge } from '../../components/status.tsx';
import { providers as texts } from '../../texts/en/auth-settings.ts';
import { providerFields } from '../../texts/en/setting-fields.ts';
import { providerForm } from './auth-fields.ts';
import { SettingsForm } from './settings-form.tsx';
import styles from './settings.module.css';
import { useSettings, type AuthSettings } from './use-settings.ts';

const NAME = /^[a-z][a-z0-9_-]{0,39}$/;

/** Google, GitHub and others whom users may sign in by: a form each. */
export function Providers({ auth }: { readonly auth: AuthSettings }) {
  const { change } = useSettings();
  const { act } = useAct('settings');
  const [opened, setOpened] = useState<string | null>(null);
  const [removed, setRemoved] = useState('');
  const all = Object.entries(auth.settings.providers);
  const names = all.map(([name]) => name);
  return (
    <Section
      title={texts.title}
      description={texts.description}
      actions={
        <Button small icon="plus" onClick={() => setOpened('')}>
          {texts.add}
        </Button>
      }
    >
      <div className={styles['form']}>
        <CodeBlock label={texts.callback} line code={`${auth.auth_url}/callback`} />
        {all.length === 0 && <p className={styles['soft']}>{texts.none}</p>}
        <ul>
          {all.map(([name, { enabled }]) => (
            <li key={name} className={styles['item']}>
              <span className={styles['words']}>
                {name}
                <Badge tone={enabled ? 'good' : 'calm'}>{enabled ? texts.on : texts.off}</Badge>
              </span>
              <span className={styles['buttons']}>
                <Button small onClick={() => setOpened(name)}>
                  {texts.change}
                </Button>
                <Button small icon="trash" onClick={() => setRemoved(name)}>
                  {texts.remove}
                </Button>
              </span>
            </li>
          ))}
        </ul>
      </div>
      {opened !== null && (
        <ProviderDialog auth={auth} known={opened} taken={names} onClose={() => setOpened(null)} />
      )}
      <ConfirmDialog
        open={removed !== ''}
        onOpenChange={(open) => !open && setRemoved('')}
        title={texts.removeTitle(removed)}
        description={texts.removeDescription}
        action={texts.remove}
        danger
        onConfirm={() => act(texts.removed, () => change('auth', { providers: { [removed]: null } }))}
      />
    </Section>
  );
}

interface ProviderDialogProps {
  readonly auth: AuthSettings;
  /** '': a new one */
  readonly known: string;
  readonly taken: readonly string[];
  readonly onClose: () => void;
}

function ProviderDialog({ auth, known, taken, onClose }: ProviderDialogProps) {
  const { change } = useSettings();
  const [typed, setTyped] = useState(known);
  const name = typed.trim();
  const isTaken = known === '' && taken.includes(name);
  const isBad = name !== '' && !NAME.test(name);
  const error = isBad ? texts.nameBad : isTaken ? texts.nameTaken : undefined;
  return (
    <Dialog open onOpenChange={(open) => !open && onClose()} title={known === '' ? texts.add : known} wide>
      {known === '' && (
        <TextField
          label={texts.name}
          hint={texts.nameHint}
          error={error}
          autoComplete="off"
          spellCheck={false}
          value={typed}
          onValueChange={setTyped}
        />
      )}
      {name !== '' && error === undefined && (
        <SettingsForm
          key={name}
          fields={providerForm(name)}
          words={(path) => providerFields[path.split('.')[2] ?? ''] ?? { label: path }}
          saved={auth.settings}
          pointer="/body/settings"
          send={async (changed) => {
            await change('auth', changed);
            onClose();
          }}
        />
      )}
    </Dialog>
  );
}
