import { useQuery } from '@tanstack/react-query';
import { useCallback, useMemo, useRef, useState, type ReactNode } from 'react';
import { ApiProblem } from '../../api/problem.ts';
import { useSession } from '../../api/session.ts';
import { Button } from '../../components/button.tsx';
import { Icon } from '../../components/icon.tsx';
import { loaded } from '../../components/loaded.tsx';
import { Menu, MenuItem } from '../../components/menu.tsx';
import { SkeletonRows } from '../../components/states.tsx';
import { toast } from '../../components/toast.ts';
import { Checkbox } from '../../components/toggle.tsx';
import { useUnsaved } from '../../components/unsaved.ts';
import { completionsQuery } from '../../data/ask.ts';
import { splitStatements } from '../../data/statements.ts';
import { sqlPage as texts } from '../../texts/en/sql.ts';
import { useProjectId } from '../../way/project-id.ts';
import { Outcomes } from './outcomes.tsx';
import { QueryList, SaveQuery } from './query-list.tsx';
import { QueryStore } from './query-store.ts';
import { chosen, errorPlace, explained, partsOf, type Outcome, type Part, type Wish } from './runs.ts';
import type { EditorHandle } from './sql-editor.tsx';
import { useRunner } from './use-runner.ts';
import styles from './sql-page.module.css';

const SqlEditor = loaded(() => import('./sql-editor.tsx'), <SkeletonRows rows={4} height="20px" />);

const NOTHING_SELECTED = { from: 0, to: 0 };
/** what was being written when somebody went to another page */
const drafts = new Map<string, string>();

export default function SqlPage() {
  const project = useProjectId();
  const owner = useSession().data?.owner_id ?? '';
  return <Page key={`${owner} ${project}`} project={project} mine={`${owner}.${project}`} />;
}

/** @param mine what is kept is kept for: another owner in this browser has their own */
function Page({ project, mine }: { readonly project: string; readonly mine: string }) {
  const editor = useRef<EditorHandle>(null);
  const store = useMemo(() => new QueryStore(localStorage, mine), [mine]);
  const [together, setTogether] = useState(false);
  const [hasText, setHasText] = useState(() => (drafts.get(mine) ?? '').trim() !== '');
  // it is there when they come back, as long as the window is
  useUnsaved(hasText, 'window');
  const { data: names = [] } = useQuery(completionsQuery(project));
  const runner = useRunner(project);
  const textOf = useCallback(() => editor.current?.text() ?? '', []);
  const onFailed = useCallback(
    (outcome: Outcome & { state: 'failed' }) => markError(editor.current, outcome),
    [],
  );

  const send = async (parts: readonly Part[], written: string) => {
    editor.current?.mark(null);
    const fine = await runner.run(parts);
    const kept = parts.map(({ from, to }) => written.slice(from, to)).join(';\n');
    store.ran({ sql: kept, at: new Date().toISOString(), failed: !fine });
  };
  const start = (wish: Wish, all: boolean) => {
    const text = textOf();
    const selection = editor.current?.selection() ?? NOTHING_SELECTED;
    const statements = all ? splitStatements(text) : chosen(text, selection);
    const [first] = statements;
    if (!first) return toast.failed(texts.run, texts.nothing);
    const parts = wish === 'run' ? partsOf(text, statements, together) : [explained(first, wish)];
    if ('refused' in parts) toast.failed(texts.run, texts.refused[parts.refused]);
    else void send(parts, text);
  };
  return (
    <>
      <h1 className="aside">{texts.title}</h1>
      <div className={styles['tools']}>
        <RunButtons running={runner.running} onStart={start} onCancel={runner.cancel} />
        <span className={styles['together']} title={texts.togetherHint}>
          <Checkbox label={texts.together} checked={together} onCheckedChange={setTogether} />
        </span>
        <span className={styles['space']} />
        <Queries store={store} textOf={textOf} onOpen={(text) => editor.current?.replace(text)} />
      </div>
      <div className={styles['split']}>
        <div className={styles['write']}>
          <SqlEditor
            handle={editor}
            initial={drafts.get(mine) ?? ''}
            names={names}
            onChange={(text) => {
              drafts.set(mine, text);
              setHasText(text.trim() !== '');
            }}
            onRun={(all) => start('run', all)}
          />
        </div>
        <Outcomes project={project} outcomes={runner.outcomes} textOf={textOf} onFailed={onFailed} />
      </div>
    </>
  );
}

interface RunButtonsProps {
  readonly running: boolean;
  readonly onStart: (wish: Wish, all: boolean) => void;
  readonly onCancel: () => void;
}

function RunButtons({ running, onStart, onCancel }: RunButtonsProps): ReactNode {
  return (
    <>
      {running ? (
        <Button small icon="close" onClick={onCancel}>
          {texts.cancel}
        </Button>
      ) : (
        <Button small look="primary" icon="play" title={texts.runHint} onClick={() => onStart('run', false)}>
          {texts.run}
        </Button>
      )}
      <Button small disabled={running} title="Ctrl+Shift+Enter" onClick={() => onStart('run', true)}>
        {texts.runAll}
      </Button>
      <Menu
        align="start"
        trigger={
          <Button small disabled={running}>
            {texts.explain} <Icon name="down" size={12} />
          </Button>
        }
      >
        <MenuItem onSelect={() => onStart('explain', false)}>{texts.explain}</MenuItem>
        <MenuItem note={texts.explainAnalyzeNote} onSelect={() => onStart('analyze', false)}>
          {texts.explainAnalyze}
        </MenuItem>
      </Menu>
    </>
  );
}

interface QueriesProps {
  readonly store: QueryStore;
  readonly textOf: () => string;
  readonly onOpen: (sql: string) => void;
}

/** What was run and what is kept. */
function Queries({ store, textOf, onOpen }: QueriesProps) {
  const [listed, setListed] = useState(false);
  const [saved, setSaved] = useState<string | null>(null);
  return (
    <>
      <Button small icon="clock" onClick={() => setListed(true)}>
        {texts.queries}
      </Button>
      <Button small icon="download" onClick={() => setSaved(textOf())}>
        {texts.save}
      </Button>
      {listed && <QueryList store={store} onClose={() => setListed(false)} onOpen={onOpen} />}
      {saved !== null && <SaveQuery store={store} sql={saved} onClose={() => setSaved(null)} />}
    </>
  );
}

function markError(editor: EditorHandle | null, { part, error }: Outcome & { state: 'failed' }): void {
  if (!(error instanceof ApiProblem)) return;
  const place = errorPlace(part, error.members['position']);
  if (place) editor?.mark(place, error.message);
}
