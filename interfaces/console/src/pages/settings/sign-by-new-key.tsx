import { useState } from 'react';
import { api, dataOf } from '../../api/api.ts';
import { useAct } from '../../components/act.ts';
import { Button } from '../../components/button.tsx';
import { ConfirmDialog } from '../../components/dialog.tsx';
import { Select } from '../../components/select.tsx';
import { keys as texts } from '../../texts/en/settings.ts';
import { OverlapSelect, USUAL, type Overlap } from './overlap.tsx';
import styles from './settings.module.css';
import { useSettings } from './use-settings.ts';

const ALGORITHMS = ['ES256', 'RS256', 'HS256'] as const;
type Algorithm = (typeof ALGORITHMS)[number];

export function SignByNewKey() {
  const { id } = useSettings();
  const { act } = useAct('settings');
  const [asks, setAsks] = useState(false);
  const [algorithm, setAlgorithm] = useState<Algorithm>('ES256');
  const [overlap, setOverlap] = useState<Overlap>(USUAL);
  const sign = () =>
    dataOf(
      api.POST('/api/projects/{id}/auth/signing-keys', {
        params: { path: { id } },
        body: { algorithm, overlap_seconds: Number(overlap) },
      }),
    );
  return (
    <>
      <Button small icon="key" onClick={() => setAsks(true)}>
        {texts.sign}
      </Button>
      <ConfirmDialog
        open={asks}
        onOpenChange={setAsks}
        title={texts.signTitle}
        description={texts.signDescription}
        action={texts.sign}
        onConfirm={() => act(texts.signed, sign)}
      >
        <Select
          label={texts.algorithm}
          options={ALGORITHMS.map((value) => ({ value, label: value }))}
          value={algorithm}
          onValueChange={setAlgorithm}
        />
        <OverlapSelect label={texts.oldTokensEnd} value={overlap} onValueChange={setOverlap} />
        <p className={styles['soft']}>{texts.takesMoment}</p>
      </ConfirmDialog>
    </>
  );
}
