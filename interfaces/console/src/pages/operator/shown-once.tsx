import { Button } from '../../components/button.tsx';
import { CodeBlock } from '../../components/code-block.tsx';
import { Notice } from '../../components/notice.tsx';
import { operator as texts } from '../../texts/en/operator.ts';
import styles from './operator.module.css';

/** A secret that nobody gets to see again. */
export function ShownOnce({
  secret,
  label,
  link,
  onOver,
}: {
  readonly secret: string;
  readonly label: string;
  /** where it can be used by a press, with it in the address */
  readonly link?: { readonly label: string; readonly to: string };
  readonly onOver: () => void;
}) {
  return (
    <>
      <Notice tone="good">{texts.shownOnce}</Notice>
      <CodeBlock line code={secret} label={label} />
      {link && (
        <>
          <p>{link.label}</p>
          <CodeBlock line code={link.to} label={link.label} />
        </>
      )}
      <div className={styles['buttons']}>
        <Button look="primary" onClick={onOver}>
          {texts.copied}
        </Button>
      </div>
    </>
  );
}
