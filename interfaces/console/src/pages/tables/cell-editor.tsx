import { useEffect, useRef, useState, type FocusEvent, type KeyboardEvent } from 'react';
import type { Column } from '../../data/catalogue.ts';
import { cellKind } from '../../data/cell-types.ts';
import { rows as texts } from '../../texts/en/tables.ts';
import styles from './cell-editor.module.css';

/** where one goes on after saving */
export type Then = 'down' | 'next' | 'previous' | 'stay';

interface CellEditorProps {
  readonly column: Column;
  readonly value: string | null;
  /** what was typed to begin with, in place of the value */
  readonly typed?: string | undefined;
  readonly onSave: (value: string | null, then: Then) => void;
  readonly onCancel: () => void;
}

const MOST_LINES = 9;

const choicesOf = ({ labels, base }: Column): readonly string[] | null =>
  labels ?? (cellKind(base) === 'boolean' ? ['true', 'false'] : null);

/** Only a text can be empty: of anything else that is NULL. */
const meant = ({ base }: Column, text: string): string | null =>
  text === '' && cellKind(base) !== 'text' ? null : text;

/** A value that is being changed, in the place where it stands. Enter and Tab save, Escape does not. */
export function CellEditor({ column, value, typed, onSave, onCancel }: CellEditorProps) {
  const choices = choicesOf(column);
  const [text, setText] = useState(typed ?? value ?? '');
  const [touched, setTouched] = useState(typed !== undefined);
  const field = useRef<HTMLTextAreaElement & HTMLSelectElement>(null);
  const over = useRef(false);
  useEffect(() => {
    field.current?.focus();
    if (typed === undefined && !choices) field.current?.select();
    // once, when it opens
    // oxlint-disable-next-line react/exhaustive-deps
  }, []);
  const end = (to: () => void) => {
    if (over.current) return;
    over.current = true;
    to();
  };
  const wanted = () => (touched ? meant(column, text) : value);
  const save = (then: Then, to: string | null = wanted()) => end(() => onSave(to, then));
  const onKeyDown = (event: KeyboardEvent) => {
    event.stopPropagation();
    if (event.nativeEvent.isComposing) return;
    const ctrl = event.ctrlKey || event.metaKey;
    if (event.key === 'Escape') end(onCancel);
    else if (event.key === 'Enter' && !event.shiftKey) save('down');
    else if (event.key === 'Tab') save(event.shiftKey ? 'previous' : 'next');
    else if (ctrl && event.key === 'Backspace') save('stay', null);
    else return;
    event.preventDefault();
  };
  const shared = {
    ref: field,
    'aria-label': texts.editing(column.name),
    className: styles['field'],
    onKeyDown,
    onBlur: (event: FocusEvent) => {
      if (!isOwn(event.relatedTarget)) save('stay');
    },
  };
  const change = (to: string) => {
    setText(to);
    setTouched(true);
  };
  return (
    <div className={styles['editor']} data-editor="">
      {choices ? (
        <select {...shared} value={text} onChange={({ target }) => change(target.value)}>
          {!choices.includes(text) && <option value={text}>{text === '' ? '' : text}</option>}
          {choices.map((choice) => (
            <option key={choice}>{choice}</option>
          ))}
        </select>
      ) : (
        <textarea
          {...shared}
          rows={Math.min(MOST_LINES, Math.max(1, text.split('\n').length, Math.ceil(text.length / 60)))}
          spellCheck={false}
          value={text}
          placeholder={value === null && !touched ? 'NULL' : ''}
          onChange={({ target }) => change(target.value)}
        />
      )}
      <Buttons
        onSave={() => save('stay')}
        onCancel={() => end(onCancel)}
        onNull={column.not_null ? undefined : () => save('stay', null)}
      />
    </div>
  );
}

/** Its own buttons are a part of it. */
const isOwn = (target: EventTarget | null): boolean =>
  target instanceof Element && target.closest('[data-editor]') !== null;

interface ButtonsProps {
  readonly onSave: () => void;
  readonly onCancel: () => void;
  /** undefined: it takes no NULL */
  readonly onNull: (() => void) | undefined;
}

/** For fingers; keys do the same. */
function Buttons({ onSave, onCancel, onNull }: ButtonsProps) {
  return (
    <div className={styles['buttons']}>
      <button type="button" onClick={onSave}>
        {texts.save}
      </button>
      <button type="button" onClick={onCancel}>
        {texts.cancel}
      </button>
      {onNull && (
        <button type="button" title="Ctrl+Backspace" onClick={onNull}>
          {texts.setNull}
        </button>
      )}
    </div>
  );
}
