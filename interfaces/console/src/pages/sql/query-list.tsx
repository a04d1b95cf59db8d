import { useState, type SubmitEvent } from 'react';
import { RelativeTime } from '../../components/amounts.tsx';
import { Button, IconButton } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { TextField } from '../../components/field.tsx';
import { Badge } from '../../components/status.tsx';
import { Tabs } from '../../components/tabs.tsx';
import { toast } from '../../components/toast.ts';
import { sqlPage as texts } from '../../texts/en/sql.ts';
import type { QueryStore } from './query-store.ts';
import styles from './query-list.module.css';

interface QueryListProps {
  readonly store: QueryStore;
  readonly onClose: () => void;
  readonly onOpen: (sql: string) => void;
}

export function QueryList({ store, onClose, onOpen }: QueryListProps) {
  const [past, setPast] = useState(store.past);
  const [saved, setSaved] = useState(store.saved);
  const open = (sql: string) => {
    onClose();
    // the dialog gives the focus back first
    setTimeout(() => onOpen(sql));
  };
  const savedPanel =
    saved.length === 0 ? (
      <p className={styles['note']}>{texts.noSaved}</p>
    ) : (
      <ul className={styles['list']}>
        {saved.map(({ name, sql }) => (
          <li key={name} className={styles['item']}>
            <button type="button" className={styles['open']} onClick={() => open(sql)}>
              <span className={styles['name']}>{name}</span>
              <code className={styles['sql']}>{sql}</code>
            </button>
            <IconButton
              small
              icon="trash"
              label={texts.remove(name)}
              onClick={() => setSaved(store.remove(name))}
            />
          </li>
        ))}
      </ul>
    );
  const pastPanel =
    past.length === 0 ? (
      <p className={styles['note']}>{texts.noHistory}</p>
    ) : (
      <>
        <ul className={styles['list']}>
          {past.map(({ sql, at, failed }) => (
            <li key={sql} className={styles['item']}>
              <button type="button" className={styles['open']} onClick={() => open(sql)}>
                <code className={styles['sql']}>{sql}</code>
                <span className={styles['when']}>
                  <RelativeTime at={at} /> {failed && <Badge tone="bad">{texts.failed}</Badge>}
                </span>
              </button>
            </li>
          ))}
        </ul>
        <Button
          small
          icon="trash"
          onClick={() => {
            store.forgetPast();
            setPast([]);
          }}
        >
          {texts.forget}
        </Button>
      </>
    );
  return (
    <Dialog open wide passing title={texts.queries} description={texts.keptHere} onOpenChange={onClose}>
      <Tabs
        label={texts.queries}
        tabs={[
          { value: 'history', label: texts.history, panel: pastPanel },
          { value: 'saved', label: texts.saved, panel: savedPanel },
        ]}
      />
    </Dialog>
  );
}

interface SaveQueryProps {
  readonly store: QueryStore;
  readonly sql: string;
  readonly onClose: () => void;
}

export function SaveQuery({ store, sql, onClose }: SaveQueryProps) {
  const [name, setName] = useState('');
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    store.save({ name: name.trim(), sql });
    toast.done(texts.savedAs(name.trim()));
    onClose();
  };
  return (
    <Dialog open title={texts.saveTitle} onOpenChange={onClose}>
      <form className={styles['form']} onSubmit={submit}>
        <TextField label={texts.saveName} value={name} onValueChange={setName} autoComplete="off" />
        <Button type="submit" look="primary" disabled={name.trim() === '' || sql.trim() === ''}>
          {texts.save}
        </Button>
      </form>
    </Dialog>
  );
}
