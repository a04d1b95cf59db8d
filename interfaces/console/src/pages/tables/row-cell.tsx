import { Link } from 'wouter';
import { CellValue } from '../../components/cell-value.tsx';
import { Icon } from '../../components/icon.tsx';
import type { CellKind } from '../../data/cell-types.ts';
import { isClipped, SHOWN } from '../../data/read-rows.ts';
import { rows as texts } from '../../texts/en/tables.ts';
import type { ReferenceLink } from './reference-links.ts';
import styles from './rows-view.module.css';

interface RowCellProps {
  readonly value: string | null;
  readonly kind: CellKind;
  readonly link: ReferenceLink | undefined;
}

/** A value, and the way to the row that it refers to. */
export function RowCell({ value, kind, link }: RowCellProps) {
  const clipped = isClipped(value);
  const shown = (
    <CellValue value={clipped ? (value ?? '').slice(0, SHOWN) : value} kind={kind} clipped={clipped} />
  );
  if (!link) return shown;
  return (
    <span className={styles['value']}>
      {shown}
      <Link href={link.to} tabIndex={-1} className={styles['follow']} aria-label={texts.follow(link.table)}>
        <Icon name="external" size={12} />
      </Link>
    </span>
  );
}
