import { useEffect, useState } from 'react';
import { components as texts } from '../texts/en/components.ts';
import { IconButton } from './button.tsx';
import { toast } from './toast.ts';

const SHOWN_MS = 1_600;

/** @param what on the clipboard; a function is asked when it is pressed */
export function CopyButton({ what, label = texts.copy }: { readonly what: string; readonly label?: string }) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return undefined;
    const over = setTimeout(() => setCopied(false), SHOWN_MS);
    return () => clearTimeout(over);
  }, [copied]);
  const copy = () =>
    navigator.clipboard.writeText(what).then(
      () => setCopied(true),
      (error: unknown) => toast.failed(texts.notCopied, error),
    );
  return (
    <>
      <IconButton
        icon={copied ? 'check' : 'copy'}
        label={copied ? texts.copied : label}
        small
        onClick={() => void copy()}
      />
      <span className="aside" role="status">
        {copied ? texts.copied : ''}
      </span>
    </>
  );
}
