import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'wouter';
import { verifyLog, type LogVerdict } from '../../api/log.ts';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { Notice } from '../../components/notice.tsx';
import { SkeletonRows } from '../../components/states.tsx';
import { log as texts } from '../../texts/en/log.ts';
import styles from './log.module.css';
import { typeText } from './event-types.ts';

/** Has the whole log checked, and says in words what that shows and what it does not. */
export function VerifyLog({ hrefOf }: { readonly hrefOf: (position: string) => string }) {
  const [open, setOpen] = useState(false);
  const check = useMutation({ mutationFn: () => verifyLog() });
  const start = () => {
    setOpen(true);
    if (!check.isPending) check.mutate();
  };
  return (
    <>
      <Button icon="shield" onClick={start} busy={check.isPending}>
        {texts.verify}
      </Button>
      <Dialog open={open} onOpenChange={setOpen} title={texts.verify} description={texts.verifying}>
        <div className={styles['verdict']} role="status">
          {check.isPending && <SkeletonRows rows={1} height="64px" />}
          {check.error && <Notice tone="bad" error={check.error} />}
          {check.data && <Verdict verdict={check.data} hrefOf={hrefOf} onOpen={() => setOpen(false)} />}
        </div>
      </Dialog>
    </>
  );
}

interface VerdictProps {
  readonly verdict: LogVerdict;
  readonly hrefOf: (position: string) => string;
  readonly onOpen: () => void;
}

function Verdict({ verdict: { intact, chained, first_altered: altered }, hrefOf, onOpen }: VerdictProps) {
  if (intact)
    return (
      <>
        <Notice tone="good" title={texts.verifiedTitle}>
          {chained ? texts.verifiedChained : texts.verifiedAlone}
        </Notice>
        <p className={styles['soft']}>{texts.verifiedLimit}</p>
      </>
    );
  const position = altered?.position ?? null;
  return (
    <Notice
      tone="bad"
      title={texts.alteredTitle}
      action={
        position !== null && (
          <Link href={hrefOf(position)} onClick={onOpen}>
            {texts.alteredOpen}
          </Link>
        )
      }
    >
      {position === null ? texts.alteredTheirs : texts.alteredMine(typeText(altered?.type ?? ''))}
    </Notice>
  );
}
