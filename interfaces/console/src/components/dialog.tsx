import { Dialog as Base } from '@base-ui/react/dialog';
import { useRef, useState, type ReactNode, type SubmitEvent } from 'react';
import { components as texts } from '../texts/en/components.ts';
import { Button, IconButton } from './button.tsx';
import { classes } from './classes.ts';
import styles from './dialog.module.css';
import { TextField } from './field.tsx';
import { Notice } from './notice.tsx';
import { mayClose, useUnsaved } from './unsaved.ts';

const FIRST_FIELD = ':is(input, textarea):not([type="hidden"], [tabindex="-1"], [aria-hidden])';

interface Opening {
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
}

interface DialogProps extends Opening {
  readonly title: string;
  readonly description?: ReactNode;
  readonly wide?: boolean;
  /** what is typed into it is worth nothing by itself, or has done its work */
  readonly passing?: boolean;
  readonly children?: ReactNode;
  /** its buttons */
  readonly footer?: ReactNode;
}

export function Dialog({
  open,
  onOpenChange,
  title,
  description,
  wide,
  passing = false,
  children,
  footer,
}: DialogProps) {
  const popup = useRef<HTMLDivElement>(null);
  const [typed, setTyped] = useState(false);
  if (typed && !open) setTyped(false);
  const unsaved = open && typed && !passing;
  useUnsaved(unsaved);
  return (
    <Base.Root open={open} onOpenChange={(to) => (to || mayClose(unsaved)) && onOpenChange(to)}>
      <Base.Portal>
        <Base.Backdrop className={styles['backdrop']} />
        <Base.Popup
          ref={popup}
          // what is to be filled in, but where that would open a keyboard over the dialog
          initialFocus={(by) =>
            by === 'touch' ? null : (popup.current?.querySelector<HTMLElement>(FIRST_FIELD) ?? null)
          }
          className={classes(styles['popup'], wide && styles['wide'])}
          onInput={() => setTyped(true)}
        >
          <div className={styles['header']}>
            <Base.Title className={styles['title']}>{title}</Base.Title>
            <Base.Close render={<IconButton icon="close" label={texts.close} small />} />
          </div>
          <div className={styles['body']}>
            {description !== undefined && (
              <Base.Description className={styles['description']} render={<div />}>
                {description}
              </Base.Description>
            )}
            {children}
          </div>
          {footer !== undefined && <div className={styles['footer']}>{footer}</div>}
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}

interface ConfirmProps extends Opening {
  readonly title: string;
  readonly description?: ReactNode;
  /** on the button: what happens, as a verb */
  readonly action: string;
  readonly danger?: boolean;
  /** false: what has to be known first is not known yet, or speaks against it */
  readonly ready?: boolean;
  readonly wide?: boolean;
  /** has to be typed first */
  readonly name?: string;
  readonly children?: ReactNode;
  /** the dialog closes when it is done, and says why when it is not */
  readonly onConfirm: () => Promise<unknown>;
}

/** Asks before something that cannot simply be taken back. */
export function ConfirmDialog({
  name,
  action,
  danger,
  ready = true,
  children,
  onConfirm,
  ...dialog
}: ConfirmProps) {
  const [typed, setTyped] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const isSure = ready && (name === undefined || typed === name);
  const change = (open: boolean) => {
    setTyped('');
    setError(null);
    dialog.onOpenChange(open);
  };
  const confirm = async (event: SubmitEvent) => {
    event.preventDefault();
    if (!isSure || busy) return;
    setBusy(true);
    setError(null);
    try {
      await onConfirm();
      change(false);
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Dialog {...dialog} passing={name !== undefined} onOpenChange={change}>
      <form onSubmit={(event) => void confirm(event)} className={styles['form']}>
        {children}
        {name !== undefined && (
          <TextField
            label={texts.typeToConfirm(name)}
            value={typed}
            onValueChange={setTyped}
            autoComplete="off"
            spellCheck={false}
            mono
          />
        )}
        {error !== null && <Notice tone="bad" error={error} />}
        <div className={styles['buttons']}>
          <Button onClick={() => change(false)}>{texts.cancel}</Button>
          <Button type="submit" look={danger ? 'danger' : 'primary'} busy={busy} disabled={!isSure}>
            {action}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
