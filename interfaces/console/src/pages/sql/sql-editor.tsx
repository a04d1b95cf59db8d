/** CodeMirror, loaded when the page is opened. It stands in a shadow root: there it needs no style element. */
import {
  acceptCompletion,
  autocompletion,
  closeBrackets,
  closeBracketsKeymap,
  closeCompletion,
  completionKeymap,
} from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { PostgreSQL, sql } from '@codemirror/lang-sql';
import { bracketMatching, HighlightStyle, indentOnInput, syntaxHighlighting } from '@codemirror/language';
import { setDiagnostics } from '@codemirror/lint';
import { searchKeymap } from '@codemirror/search';
import { Compartment, EditorState } from '@codemirror/state';
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  keymap,
  lineNumbers,
  placeholder,
} from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { useEffect, useImperativeHandle, useRef, type Ref } from 'react';
import type { TableNames } from '../../data/catalogue.ts';
import { sqlPage as texts } from '../../texts/en/sql.ts';
import type { Selection } from './runs.ts';
import styles from './sql-page.module.css';

export interface EditorHandle {
  readonly selection: () => Selection;
  readonly text: () => string;
  /** in place of everything; it can be taken back */
  readonly replace: (text: string) => void;
  readonly focus: () => void;
  /** null: none any more */
  readonly mark: (place: Selection | null, message?: string) => void;
}

interface SqlEditorProps {
  readonly handle: Ref<EditorHandle>;
  readonly initial: string;
  readonly names: readonly TableNames[];
  readonly onChange: (text: string) => void;
  readonly onRun: (all: boolean) => void;
}

const LOOK = EditorView.theme({
  '&': { height: '100%', color: 'var(--text)', backgroundColor: 'var(--surface)', fontSize: '13px' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '1.55' },
  '.cm-content': { padding: '10px 0', caretColor: 'var(--text)' },
  '.cm-cursor': { borderLeftColor: 'var(--text)' },
  '.cm-gutters': { backgroundColor: 'var(--surface)', color: 'var(--text-soft)', border: 'none' },
  '.cm-activeLine': { backgroundColor: 'var(--hover)' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': {
    backgroundColor: 'color-mix(in oklab, var(--accent) 30%, transparent)',
  },
  '.cm-matchingBracket': { backgroundColor: 'var(--accent-soft)' },
  '.cm-placeholder': { color: 'var(--text-soft)' },
  '.cm-tooltip': {
    border: 'none',
    borderRadius: '7px',
    overflow: 'hidden',
    color: 'var(--text)',
    backgroundColor: 'var(--raised)',
    boxShadow: 'var(--shadow-high)',
  },
  '.cm-tooltip-autocomplete > ul > li[aria-selected]': {
    color: 'var(--on-accent)',
    backgroundColor: 'var(--accent)',
  },
  '.cm-diagnostic': {
    padding: '5px 10px',
    borderLeft: '3px solid var(--bad-fill)',
    fontFamily: 'var(--font)',
  },
});

const COLOURS = syntaxHighlighting(
  HighlightStyle.define([
    { tag: tags.keyword, color: 'var(--accent-text)' },
    { tag: [tags.string, tags.special(tags.string)], color: 'var(--good)' },
    { tag: [tags.number, tags.bool, tags.null], color: 'var(--warn)' },
    { tag: [tags.lineComment, tags.blockComment], color: 'var(--text-soft)', fontStyle: 'italic' },
    { tag: [tags.typeName, tags.standard(tags.name)], color: 'var(--busy)' },
  ]),
);

function languageOf(names: readonly TableNames[]) {
  const schema: Record<string, Record<string, readonly string[]>> = {};
  for (const { schema: of, name, columns } of names) (schema[of] ??= {})[name] = columns;
  return sql({ dialect: PostgreSQL, schema, defaultSchema: 'public', upperCaseKeywords: true });
}

export default function SqlEditor({ handle, initial, names, onChange, onRun }: SqlEditorProps) {
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(undefined);
  const language = useRef(new Compartment());
  const heard = useRef({ onChange, onRun });
  useEffect(() => {
    heard.current = { onChange, onRun };
  });
  useEffect(() => {
    if (!host.current) return undefined;
    const root = host.current.shadowRoot ?? host.current.attachShadow({ mode: 'open' });
    const made = new EditorView({
      parent: root,
      root,
      state: EditorState.create({
        doc: initial,
        extensions: [
          language.current.of(languageOf([])),
          extensions(
            (text) => heard.current.onChange(text),
            (all) => heard.current.onRun(all),
          ),
        ],
      }),
    });
    view.current = made;
    made.focus();
    return () => made.destroy();
    // what it begins with counts once
    // oxlint-disable-next-line react/exhaustive-deps
  }, []);
  useEffect(() => {
    view.current?.dispatch({ effects: language.current.reconfigure(languageOf(names)) });
  }, [names]);
  useImperativeHandle(handle, () => handleOf(() => view.current), []);
  return <div ref={host} className={styles['editor']} data-testid="sql-editor" />;
}

/**
 * Chromium gives text that is typed over highlighted text a `style` of its own, which our policy refuses, and says so. So it
 * is put in here, before the browser does it.
 */
const TYPE_OVER = EditorView.domEventHandlers({
  beforeinput(event, view) {
    const { from, to, empty } = view.state.selection.main;
    const { data: text } = event;
    if (event.inputType !== 'insertText' || !event.cancelable || text === null || empty) return false;
    const insert = () =>
      view.state.update(view.state.replaceSelection(text), { userEvent: 'input.type', scrollIntoView: true });
    // as CodeMirror does it: whoever closes brackets is asked first
    const isDone = view.state.facet(EditorView.inputHandler).some((put) => put(view, from, to, text, insert));
    if (!isDone) view.dispatch(insert());
    return true;
  },
});

/** What was asked for shortly before they left comes after they have left: the library closes only what is open already. */
const CLOSE_ON_LEAVING = EditorView.domEventHandlers({
  blur(_, view) {
    setTimeout(() => closeCompletion(view));
  },
});

const extensions = (onChange: (text: string) => void, onRun: (all: boolean) => void) => [
  keymap.of([
    { key: 'Mod-Enter', run: () => (onRun(false), true) },
    { key: 'Mod-Shift-Enter', run: () => (onRun(true), true) },
    { key: 'Tab', run: acceptCompletion },
  ]),
  lineNumbers(),
  history(),
  drawSelection(),
  indentOnInput(),
  bracketMatching(),
  closeBrackets(),
  autocompletion({ icons: false }),
  highlightActiveLine(),
  EditorView.lineWrapping,
  TYPE_OVER,
  CLOSE_ON_LEAVING,
  placeholder(texts.placeholder),
  EditorView.contentAttributes.of({ 'aria-label': texts.editor }),
  keymap.of([
    ...closeBracketsKeymap,
    ...defaultKeymap,
    ...historyKeymap,
    ...searchKeymap,
    ...completionKeymap,
  ]),
  LOOK,
  COLOURS,
  EditorView.updateListener.of(({ docChanged, state }) => {
    if (docChanged) onChange(state.doc.toString());
  }),
];

const handleOf = (view: () => EditorView | undefined): EditorHandle => ({
  selection() {
    const { from = 0, to = 0 } = view()?.state.selection.main ?? {};
    return { from, to };
  },
  text: () => view()?.state.doc.toString() ?? '',
  replace(text) {
    const editor = view();
    editor?.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: text } });
    editor?.focus();
  },
  focus: () => view()?.focus(),
  mark(place, message = '') {
    const editor = view();
    if (!editor) return;
    const diagnostics = place ? [{ ...place, severity: 'error' as const, message }] : [];
    editor.dispatch(setDiagnostics(editor.state, diagnostics));
    if (place) editor.dispatch({ selection: { anchor: place.from }, scrollIntoView: true });
  },
});
