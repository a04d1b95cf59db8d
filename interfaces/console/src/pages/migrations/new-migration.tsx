/** Applies what is typed here, or files of a folder; the same can be tried before, and taken back. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useRef, useState, type RefObject } from 'react';
import { Link } from 'wouter';
import { ApiProblem } from '../../api/problem.ts';
import { PageHeader, Section, useTitle } from '../../components/page.tsx';
import { Button, buttonClass } from '../../components/button.tsx';
import { ConfirmDialog } from '../../components/dialog.tsx';
import { TextField } from '../../components/field.tsx';
import { ErrorState, SkeletonRows } from '../../components/states.tsx';
import { toast } from '../../components/toast.ts';
import { useUnsaved } from '../../components/unsaved.ts';
import { migrations as words, newMigration as texts } from '../../texts/en/migrations.ts';
import { placeInText, type ComparedFile } from './compare-files.ts';
import { migrationName, nextVersion } from './migration-name.ts';
import { MigrationFiles } from './migration-files.tsx';
import { MigrationOutcome, type Outcome } from './migration-outcome.tsx';
import styles from './migrations.module.css';
import { applyFiles, useMigrations, type Applied, type SqlFile } from './use-migrations.ts';

export function NewMigration() {
  const { project, all } = useMigrations();
  const found = useQuery(all);
  useTitle(texts.title);
  return (
    <>
      <PageHeader
        title={texts.title}
        description={texts.description}
        actions={
          <Link href={`/projects/${project}/migrations`} className={buttonClass()}>
            {words.back}
          </Link>
        }
      />
      {found.isPending ? (
        <SkeletonRows />
      ) : found.isError ? (
        <ErrorState title={words.notRead} error={found.error} retry={() => void found.refetch()} />
      ) : (
        <Editor applied={found.data.migrations} />
      )}
    </>
  );
}

function Editor({ applied }: { readonly applied: readonly Applied[] }) {
  const [typed, setTyped] = useState({ what: '', sql: '' });
  const [opened, setOpened] = useState<readonly ComparedFile[]>([]);
  const box = useRef<HTMLTextAreaElement>(null);
  const version = nextVersion(applied.map((one) => one.version));
  const name = version === undefined ? '' : migrationName(version, typed.what);
  const pending = opened.filter(({ state }) => state === 'pending');
  const own = name !== '' && typed.sql.trim() !== '' ? [{ name, sql: typed.sql }] : [];
  const files: readonly SqlFile[] =
    opened.length > 0 ? pending.map(({ name: of, sql }) => ({ name: of, sql })) : own;
  const { run, outcome, busy } = useRun(files, (problem) => showPlace(box, typed.sql, problem));
  useUnsaved(typed.sql.trim() !== '');
  const apply = async () => {
    if (!(await run(false))) return;
    setTyped({ what: '', sql: '' });
    setOpened([]);
  };
  return (
    <div className={styles['sections']}>
      <Section title={opened.length > 0 ? texts.files : texts.sql}>
        <div className={styles['form']}>
          {version === undefined && <p role="alert">{texts.full}</p>}
          {opened.length === 0 && (
            <>
              <TextField
                label={texts.what}
                hint={name === '' ? texts.whatNeeded : texts.whatHint(name)}
                value={typed.what}
                onValueChange={(what) => setTyped({ ...typed, what })}
              />
              <TextField
                label={texts.sql}
                ref={box as unknown as RefObject<HTMLInputElement>}
                mono
                rows={14}
                spellCheck={false}
                value={typed.sql}
                onValueChange={(sql) => setTyped({ ...typed, sql })}
              />
            </>
          )}
          <MigrationFiles files={opened} applied={applied} onFiles={setOpened} />
          <RunButtons count={files.length} busy={busy} onRun={() => void run(true)} onApply={apply} />
          <MigrationOutcome outcome={outcome} />
        </div>
      </Section>
    </div>
  );
}

function RunButtons({
  count,
  busy,
  onRun,
  onApply,
}: {
  readonly count: number;
  readonly busy: boolean;
  readonly onRun: () => void;
  readonly onApply: () => Promise<void>;
}) {
  const [asks, setAsks] = useState(false);
  return (
    <>
      <div className={styles['buttons']}>
        <Button icon="play" busy={busy} disabled={count === 0} onClick={onRun}>
          {texts.dryRun}
        </Button>
        <Button look="primary" disabled={busy || count === 0} onClick={() => setAsks(true)}>
          {texts.apply}
        </Button>
        <span className={styles['soft']}>{texts.dryRunHint}</span>
      </div>
      <ConfirmDialog
        open={asks}
        onOpenChange={setAsks}
        title={texts.applyTitle(count)}
        description={texts.applyDescription}
        action={texts.apply}
        onConfirm={onApply}
      />
    </>
  );
}

/** @returns `run` says whether it went well; what it said is the outcome */
function useRun(files: readonly SqlFile[], onProblem: (problem: ApiProblem) => void) {
  const { project } = useMigrations();
  const client = useQueryClient();
  const [busy, setBusy] = useState(false);
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const run = async (dryRun: boolean): Promise<boolean> => {
    setBusy(true);
    setOutcome(null);
    try {
      const { results } = await applyFiles(project, files, dryRun);
      setOutcome({ results });
      toast.done(dryRun ? texts.rehearsed : texts.done);
      return true;
    } catch (error) {
      setOutcome({ error });
      if (error instanceof ApiProblem) onProblem(error);
      return false;
    } finally {
      setBusy(false);
      await client.invalidateQueries({ queryKey: ['migrations', project] });
    }
  };
  return { run, outcome, busy };
}

/** Puts the cursor where PostgreSQL found something wrong. */
function showPlace(
  box: RefObject<HTMLTextAreaElement | null>,
  sql: string,
  { members: { position } }: ApiProblem,
): void {
  if (typeof position !== 'number' || !box.current) return;
  const at = placeInText(sql, position);
  box.current.focus();
  box.current.setSelectionRange(at, at + 1);
}
