/** A form over a part of the settings with a button of its own: what was changed is sent, faults come to their fields. */
import { useState, type ReactNode, type SubmitEvent } from 'react';
import { ApiProblem } from '../../api/problem.ts';
import { Section } from '../../components/page.tsx';
import { Button } from '../../components/button.tsx';
import { Notice } from '../../components/notice.tsx';
import { toast } from '../../components/toast.ts';
import type { FieldWords } from '../../texts/en/setting-fields.ts';
import { settings as texts } from '../../texts/en/settings.ts';
import { SettingsField } from './settings-field.tsx';
import {
  draftOf,
  isOff,
  placeFaults,
  readDraft,
  type Draft,
  type Faults,
  type Field,
  type Settings,
} from './settings-fields.ts';
import styles from './settings.module.css';
import { useUnsaved } from '../../components/unsaved.ts';

interface SettingsFormProps {
  readonly fields: readonly Field[];
  readonly words: (path: string) => FieldWords;
  /** as the server has them; what is edited stands over it until it is saved or discarded */
  readonly saved: Settings;
  /** where faults of these settings point to: `/body/settings` */
  readonly pointer: string;
  /** @throws {ApiProblem} */
  readonly send: (change: Settings) => Promise<unknown>;
  /** while it is being saved: what takes a moment */
  readonly busyWords?: string | undefined;
  /** above the buttons */
  readonly children?: ReactNode;
}

export function SettingsForm(props: SettingsFormProps) {
  const { fields, words, busyWords, children } = props;
  const { draft, isChanged, faults, asked, edit, discard, save } = useSettingsForm(props);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    void save();
  };
  const shown = fields.filter(({ path }) => !isOff(fields, draft, path));
  const problem = asked.error;
  return (
    <form className={styles['form']} onSubmit={submit} noValidate>
      <div className={styles['fields']}>
        {shown.map((field) => (
          <SettingsField
            key={field.path}
            field={field}
            words={words(field.path)}
            value={draft[field.path]}
            fault={faults[field.path]}
            onEdit={(value) => edit({ [field.path]: value })}
          />
        ))}
      </div>
      {children}
      {problem !== null && <Notice tone="bad">{problem}</Notice>}
      <div className={styles['buttons']}>
        <Button type="submit" look="primary" busy={asked.busy} disabled={!isChanged}>
          {texts.save}
        </Button>
        {isChanged && !asked.busy && (
          <>
            <Button look="quiet" onClick={discard}>
              {texts.discard}
            </Button>
            <span className={styles['soft']}>{texts.unsaved}</span>
          </>
        )}
        <span role="status" className={styles['soft']}>
          {asked.busy ? busyWords : ''}
        </span>
      </div>
    </form>
  );
}

const WORDS = { number: texts.notNumber, size: texts.notSize };
const CALM = { busy: false, error: null as string | null, faults: {} as Faults };

function useSettingsForm({ fields, saved, pointer, send }: SettingsFormProps) {
  const [edits, setEdits] = useState<Draft>({});
  const [asked, setAsked] = useState(CALM);
  const draft: Draft = { ...draftOf(fields, saved), ...edits };
  const { change, faults: unread } = readDraft(fields, saved, draft, WORDS);
  const isChanged = Object.keys(change).length + Object.keys(unread).length > 0;
  useUnsaved(isChanged);
  const save = async () => {
    if (Object.keys(unread).length > 0) {
      setAsked({ ...CALM, error: texts.someFaults, faults: unread });
      return;
    }
    setAsked({ ...CALM, busy: true });
    try {
      await send(change);
      setEdits({});
      setAsked(CALM);
      toast.done(texts.saved);
    } catch (error) {
      setAsked({ busy: false, ...toldAt(fields, error, pointer) });
    }
  };
  const edit = (edited: Draft) => {
    setEdits((before) => ({ ...before, ...edited }));
    // what is being mended is not wrong any more
    const [path = ''] = Object.keys(edited);
    setAsked((before) => ({
      ...before,
      faults: Object.fromEntries(Object.entries(before.faults).filter(([of]) => of !== path)),
    }));
  };
  const discard = () => {
    setEdits({});
    setAsked(CALM);
  };
  return { draft, isChanged, faults: asked.faults, asked, edit, discard, save };
}

function toldAt(
  fields: readonly Field[],
  error: unknown,
  pointer: string,
): { readonly error: string; readonly faults: Faults } {
  if (!(error instanceof ApiProblem)) return { error: String(error), faults: {} };
  if (error.status === 412) return { error: texts.changedElsewhere, faults: {} };
  if (error.faults.length === 0) return { error: error.message, faults: {} };
  const { placed, rest } = placeFaults(fields, error.faults, pointer);
  return { error: rest.length > 0 ? rest.join(' ') : texts.someFaults, faults: placed };
}

interface FormSectionProps extends SettingsFormProps {
  readonly title: string;
  readonly description: string;
}

/** The form in a frame with its heading. */
export function FormSection({ title, description, ...form }: FormSectionProps) {
  return (
    <Section title={title} {...(description !== '' && { description })}>
      <SettingsForm {...form} />
    </Section>
  );
}
