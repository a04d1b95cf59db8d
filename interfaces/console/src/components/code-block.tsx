import { classes } from './classes.ts';
import styles from './code-block.module.css';
import { CopyButton } from './copy.tsx';

interface CodeBlockProps {
  readonly code: string;
  /** what it is, read out */
  readonly label: string;
  /** in one line, which scrolls */
  readonly line?: boolean;
  /** shown in place of it: what is copied is the code */
  readonly masked?: string;
}

/** A text to be used elsewhere, with a button that copies it. */
export function CodeBlock({ code, label, line, masked }: CodeBlockProps) {
  return (
    <div className={classes(styles['block'], line && styles['line'])}>
      {/* it scrolls, so it has to be reached by keyboard */}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <pre tabIndex={0} role="region" aria-label={label} className={styles['code']}>
        <code>{masked ?? code}</code>
      </pre>
      <div className={styles['copy']}>
        <CopyButton what={code} />
      </div>
    </div>
  );
}
