import { useState } from 'react';
import { api, dataOf } from '../../api/api.ts';
import { useAct } from '../../components/act.ts';
import { Section } from '../../components/page.tsx';
import { Button } from '../../components/button.tsx';
import { CodeBlock } from '../../components/code-block.tsx';
import { ConfirmDialog, Dialog } from '../../components/dialog.tsx';
import { keys as texts } from '../../texts/en/settings.ts';
import styles from './settings.module.css';
import { useResult } from './use-result.ts';
import { useSettings } from './use-settings.ts';

const rotate = (id: string) =>
  dataOf(api.POST('/api/projects/{id}/database-password/rotate', { params: { path: { id } } }));
type Rotated = Awaited<ReturnType<typeof rotate>>;

export function DatabasePassword() {
  const { id } = useSettings();
  const { act } = useAct('settings');
  const [asks, setAsks] = useState(false);
  const made = useResult<Rotated>();
  return (
    <Section title={texts.password} description={texts.passwordDescription}>
      <div className={styles['buttons']}>
        <Button icon="key" onClick={() => setAsks(true)}>
          {texts.newPassword}
        </Button>
      </div>
      <ConfirmDialog
        open={asks}
        onOpenChange={(open) => {
          setAsks(open);
          if (!open) made.closed();
        }}
        title={texts.passwordTitle}
        description={texts.passwordStops}
        action={texts.newPassword}
        danger
        onConfirm={() => act(texts.passwordMade, async () => made.bring(await rotate(id)))}
      >
        <p className={styles['soft']}>{texts.takesMoment}</p>
      </ConfirmDialog>
      {made.shown && (
        <Dialog open onOpenChange={(open) => !open && made.forget()} title={texts.passwordMade} wide>
          <Address label={texts.direct} uri={made.shown.db_uri} />
          <Address label={texts.pooled} uri={made.shown.db_uri_pooler} />
        </Dialog>
      )}
    </Section>
  );
}

function Address({ label, uri }: { readonly label: string; readonly uri: string | null }) {
  return (
    <>
      <span>{label}</span>
      {uri === null ? (
        <p className={styles['soft']}>{texts.notReached}</p>
      ) : (
        <CodeBlock label={label} code={uri} line masked={uri.replace(/:[^:@/]*@/, ':••••••••@')} />
      )}
    </>
  );
}
