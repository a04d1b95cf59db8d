import { Button } from '../../components/button.tsx';
import { TextField } from '../../components/field.tsx';
import { Notice } from '../../components/notice.tsx';
import type { FieldWords } from '../../texts/en/setting-fields.ts';
import { settings as texts } from '../../texts/en/settings.ts';
import type { SecretDraft } from './settings-fields.ts';
import styles from './settings.module.css';

interface SecretFieldProps {
  readonly words: FieldWords;
  readonly draft: SecretDraft;
  readonly fault: string | undefined;
  readonly onEdit: (draft: SecretDraft) => void;
  /** what a new one may be, where nobody else has said */
  readonly make?: () => string;
}

/** A secret that can be given and taken away, and is never read. */
export function SecretField({ words: { label, hint }, draft, fault, onEdit, make }: SecretFieldProps) {
  const { isSet } = draft;
  const keep = (
    <Button look="quiet" small onClick={() => onEdit({ is: 'kept', isSet })}>
      {texts.secretKeep}
    </Button>
  );
  if (draft.is === 'new')
    return (
      <div className={styles['secret']}>
        <TextField
          label={label}
          hint={hint}
          error={fault}
          // one that was made here has to be copied
          type={make ? 'text' : 'password'}
          mono={make !== undefined}
          autoComplete="off"
          spellCheck={false}
          value={draft.text}
          onValueChange={(text) => onEdit({ is: 'new', isSet, text })}
        />
        <div className={styles['buttons']}>
          {make && (
            <Button small onClick={() => onEdit({ is: 'new', isSet, text: make() })}>
              {texts.secretMake}
            </Button>
          )}
          {keep}
        </div>
      </div>
    );
  const state = draft.is === 'removed' ? texts.secretRemoved : isSet ? texts.secretSet : texts.secretNone;
  return (
    <div className={styles['secret']} role="group" aria-label={label}>
      <span className={styles['label']}>{label}</span>
      <span className={styles['soft']}>{state}</span>
      {fault !== undefined && <Notice tone="bad">{fault}</Notice>}
      <div className={styles['buttons']}>
        <Button small onClick={() => onEdit({ is: 'new', isSet, text: make?.() ?? '' })}>
          {isSet ? texts.secretReplace : texts.secretGive}
        </Button>
        {isSet && draft.is === 'kept' && (
          <Button small look="quiet" onClick={() => onEdit({ is: 'removed', isSet })}>
            {texts.secretRemove}
          </Button>
        )}
        {draft.is === 'removed' && keep}
      </div>
    </div>
  );
}
