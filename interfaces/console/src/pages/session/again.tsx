/** Over the page of whoever was in: they go on as if nothing had happened, and nobody else sees what is behind it. */
import { useMutation } from '@tanstack/react-query';
import { useEffect, useEffectEvent, useRef, type ReactNode, type SubmitEvent } from 'react';
import { createPortal } from 'react-dom';
import { Button } from '../../components/button.tsx';
import { holdOpen } from '../../components/unsaved.ts';
import { session as texts } from '../../texts/en/session.ts';
import styles from './door.module.css';

interface AgainProps {
  /** as whom */
  readonly hint: string;
  readonly field: ReactNode;
  readonly signIn: () => Promise<void>;
  /** why they are not in */
  readonly failed: (error: Error) => ReactNode;
  /** whether they are in by another window */
  readonly look: () => Promise<void>;
  readonly other: { readonly label: string; readonly act: () => void };
}

export function Again({ hint, field, signIn, failed, look, other }: AgainProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const signing = useMutation({ mutationFn: signIn });
  const lookNow = useEffectEvent(() => void look());
  useEffect(() => {
    // the browser's own is above any dialog of the page, and whatever is behind it can neither be reached nor read
    dialog.current?.showModal();
    holdOpen(true);
    const onFocus = () => lookNow();
    addEventListener('focus', onFocus);
    return () => {
      removeEventListener('focus', onFocus);
      holdOpen(false);
    };
  }, []);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    signing.mutate();
  };
  return createPortal(
    <dialog
      ref={dialog}
      className={styles['again']}
      aria-labelledby="sign-in-again"
      onCancel={(event) => event.preventDefault()}
      // browsers let who presses Escape again and again out of anything
      onClose={() => dialog.current?.showModal()}
    >
      <h2 id="sign-in-again">{texts.endedTitle}</h2>
      <p className={styles['below']}>{hint}</p>
      <form onSubmit={submit}>
        {field}
        {signing.error && failed(signing.error)}
        <Button type="submit" look="primary" busy={signing.isPending}>
          {texts.signIn}
        </Button>
        <Button look="quiet" onClick={other.act}>
          {other.label}
        </Button>
      </form>
    </dialog>,
    document.body,
  );
}
