import { CodeBlock } from '../../components/code-block.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { rows as texts } from '../../texts/en/tables.ts';
import styles from './rows-view.module.css';

interface WholeValueProps {
  readonly name: string;
  readonly value: string;
  readonly onClose: () => void;
}

/** A value in full, to be read and copied. */
export function WholeValue({ name, value, onClose }: WholeValueProps) {
  return (
    <Dialog open wide title={texts.whole(name)} onOpenChange={onClose}>
      <div className={styles['whole']}>
        <CodeBlock label={texts.whole(name)} code={value} />
      </div>
    </Dialog>
  );
}
