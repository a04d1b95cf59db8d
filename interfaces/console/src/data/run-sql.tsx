/** Statements that change what there is: shown before they run. */
import { useQueryClient } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { sql, type SqlResult } from '../api/sql.ts';
import { CodeBlock } from '../components/code-block.tsx';
import { ConfirmDialog } from '../components/dialog.tsx';
import { tableForm as texts } from '../texts/en/tables.ts';
import { OF_DATABASE } from './ask.ts';

/** Runs it in one transaction; afterwards everything that is known of the database is asked again. */
export function useRunSql(project: string): (text: string) => Promise<SqlResult> {
  const client = useQueryClient();
  return async (text) => {
    const result = await sql(project, text);
    await client.invalidateQueries(OF_DATABASE(project));
    return result;
  };
}

export interface Change {
  readonly title: string;
  readonly description: ReactNode;
  readonly action: string;
  readonly sql: string;
  readonly danger?: boolean;
  /** has to be typed first */
  readonly name?: string;
  readonly done?: () => void;
}

/** @param change null: nothing is asked */
export function ChangeDialog({
  project,
  change,
  onClose,
}: {
  readonly project: string;
  readonly change: Change | null;
  readonly onClose: () => void;
}) {
  const run = useRunSql(project);
  if (!change) return null;
  const { sql: text, done, ...asked } = change;
  return (
    <ConfirmDialog
      {...asked}
      open
      onOpenChange={(open) => {
        if (!open) onClose();
      }}
      onConfirm={async () => {
        await run(text);
        done?.();
      }}
    >
      <CodeBlock label={texts.sql} code={text} />
    </ConfirmDialog>
  );
}
