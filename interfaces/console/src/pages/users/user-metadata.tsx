import { useState, type SubmitEvent } from 'react';
import { useAct } from '../../components/act.ts';
import { Section } from '../../components/page.tsx';
import { Button } from '../../components/button.tsx';
import { TextField } from '../../components/field.tsx';
import { Notice } from '../../components/notice.tsx';
import { useUnsaved } from '../../components/unsaved.ts';
import { user as texts, users as words } from '../../texts/en/users.ts';
import type { User } from './auth-admin.ts';
import { documentChange, readDocument } from './metadata-change.ts';
import { useUsers } from './use-users.ts';
import styles from './users.module.css';

const KINDS = ['user_metadata', 'app_metadata'] as const;
type Kind = (typeof KINDS)[number];
const LABELS = { user_metadata: texts.userMetadata, app_metadata: texts.appMetadata };
const HINTS = { user_metadata: texts.userMetadataHint, app_metadata: texts.appMetadataHint };

const textOf = (document: object): string => JSON.stringify(document, null, 2);

export function UserMetadata({ user }: { readonly user: User }) {
  return (
    <Section title={texts.metadataTitle} description={texts.metadataDescription}>
      <div className={styles['halves']}>
        {KINDS.map((kind) => (
          // what was saved is what stands there
          <MetadataForm key={`${kind} ${textOf(user[kind])}`} user={user} kind={kind} />
        ))}
      </div>
    </Section>
  );
}

function MetadataForm({ user, kind }: { readonly user: User; readonly kind: Kind }) {
  const { admin } = useUsers();
  const { act } = useAct('users');
  const [text, setText] = useState(textOf(user[kind]));
  const [asked, setAsked] = useState<{ busy: boolean; error: unknown }>({ busy: false, error: null });
  const document = readDocument(text);
  const change = document && documentChange(user[kind], document);
  useUnsaved(text !== textOf(user[kind]));
  const save = async (event: SubmitEvent) => {
    event.preventDefault();
    setAsked({ busy: true, error: null });
    const error: unknown = await act(texts.saved, () => admin.change(user.id, { [kind]: change })).then(
      () => null,
      (problem: unknown) => problem,
    );
    setAsked({ busy: false, error });
  };
  return (
    <form className={styles['form']} onSubmit={(event) => void save(event)}>
      <TextField
        label={LABELS[kind]}
        hint={HINTS[kind]}
        error={document === undefined ? words.notJson : undefined}
        mono
        rows={8}
        spellCheck={false}
        value={text}
        onValueChange={setText}
      />
      {asked.error !== null && <Notice tone="bad" error={asked.error} />}
      <div className={styles['buttons']}>
        <Button type="submit" busy={asked.busy} disabled={change === undefined}>
          {texts.save}
        </Button>
      </div>
    </form>
  );
}
