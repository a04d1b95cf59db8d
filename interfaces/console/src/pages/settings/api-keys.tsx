import { useState } from 'react';
import { api, dataOf } from '../../api/api.ts';
import { useAct } from '../../components/act.ts';
import { Section } from '../../components/page.tsx';
import { ExactTime } from '../../components/amounts.tsx';
import { Button } from '../../components/button.tsx';
import { CodeBlock } from '../../components/code-block.tsx';
import { ConfirmDialog, Dialog } from '../../components/dialog.tsx';
import { Notice } from '../../components/notice.tsx';
import { keys as texts } from '../../texts/en/settings.ts';
import { OverlapSelect, USUAL, type Overlap } from './overlap.tsx';
import styles from './settings.module.css';
import { useResult } from './use-result.ts';
import { useSettings } from './use-settings.ts';

const rotate = (id: string, overlap: Overlap) =>
  dataOf(
    api.POST('/api/projects/{id}/keys/rotate', {
      params: { path: { id } },
      body: { overlap_seconds: Number(overlap) },
    }),
  );
type Rotated = Awaited<ReturnType<typeof rotate>>;

export function ApiKeys() {
  const { id } = useSettings();
  const { act } = useAct('settings');
  const [asks, setAsks] = useState(false);
  const [overlap, setOverlap] = useState<Overlap>(USUAL);
  const made = useResult<Rotated>();
  return (
    <Section title={texts.api} description={texts.apiDescription}>
      <div className={styles['buttons']}>
        <Button icon="key" onClick={() => setAsks(true)}>
          {texts.rotate}
        </Button>
      </div>
      <ConfirmDialog
        open={asks}
        onOpenChange={(open) => {
          setAsks(open);
          if (!open) made.closed();
        }}
        title={texts.rotateTitle}
        description={texts.rotateDescription}
        action={texts.rotate}
        danger
        onConfirm={() => act(texts.rotated, async () => made.bring(await rotate(id, overlap)))}
      >
        <OverlapSelect label={texts.oldEnd} value={overlap} onValueChange={setOverlap} />
        <p className={styles['soft']}>{texts.takesMoment}</p>
      </ConfirmDialog>
      {made.shown && (
        <Dialog open onOpenChange={(open) => !open && made.forget()} title={texts.rotated} wide>
          <Notice tone="warn">
            {texts.until} <ExactTime at={made.shown.old_keys_valid_until} />
          </Notice>
          <span>{texts.anon}</span>
          <CodeBlock label={texts.anon} code={made.shown.anon_key} line />
          <span>{texts.service}</span>
          <CodeBlock label={texts.service} code={made.shown.service_role_key} line masked={'•'.repeat(40)} />
        </Dialog>
      )}
    </Section>
  );
}
