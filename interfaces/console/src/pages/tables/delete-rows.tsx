import { ConfirmDialog } from '../../components/dialog.tsx';
import { toast } from '../../components/toast.ts';
import { run } from '../../data/ask.ts';
import { deleteQuery } from '../../data/change-rows.ts';
import { identityOf } from '../../data/order.ts';
import type { ReadTable } from '../../data/read-rows.ts';
import { rows as texts } from '../../texts/en/tables.ts';
import type { RowSource } from './row-source.ts';

/** parameters that one statement may have */
const MOST_PARAMETERS = 1_000;

export const mostDeleted = (table: ReadTable): number =>
  Math.floor(MOST_PARAMETERS / Math.max(1, identityOf(table).columns.length));

interface DeleteRowsProps {
  readonly project: string;
  readonly table: ReadTable;
  readonly source: RowSource;
  readonly indexes: readonly number[];
  readonly onClose: () => void;
  readonly onDeleted: () => void;
}

export function DeleteRows({ project, table, source, indexes, onClose, onDeleted }: DeleteRowsProps) {
  const rows = indexes.map((index) => source.row(index)).filter((row) => row !== undefined);
  const confirm = async () => {
    const { row_count: count } = await run(project, deleteQuery(table, rows));
    toast.done(texts.deleted(count ?? rows.length));
    onDeleted();
  };
  return (
    <ConfirmDialog
      open
      onOpenChange={(open) => {
        if (!open) onClose();
      }}
      title={texts.deleteTitle(rows.length)}
      description={texts.deleteWords}
      action={texts.deleteRows(rows.length)}
      danger
      onConfirm={confirm}
    />
  );
}
