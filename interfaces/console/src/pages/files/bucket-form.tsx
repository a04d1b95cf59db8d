import { useState } from 'react';
import { useAct } from '../../components/act.ts';
import { linesOf } from '../../components/lines.ts';
import { ConfirmDialog } from '../../components/dialog.tsx';
import { TextField } from '../../components/field.tsx';
import { Switch } from '../../components/toggle.tsx';
import { buckets as texts } from '../../texts/en/files.ts';
import { readSize, writeSize } from './byte-size.ts';
import type { Bucket } from './storage-client.ts';
import { useFiles } from './use-files.ts';

interface BucketFormProps {
  /** null: a new one */
  readonly bucket: Bucket | null;
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
}

/** Makes a bucket, or changes its rules. */
export function BucketForm({ bucket, open, onOpenChange }: BucketFormProps) {
  const { client } = useFiles();
  const { act } = useAct('files');
  const [typed, setTyped] = useState({
    name: bucket?.name ?? '',
    size: typeof bucket?.file_size_limit === 'number' ? writeSize(bucket.file_size_limit) : '',
    types: bucket?.allowed_mime_types?.join('\n') ?? '',
  });
  const [isPublic, setPublic] = useState(bucket?.public ?? false);
  const size = typed.size.trim() === '' ? null : readSize(typed.size);
  const save = async () => {
    if (size === undefined) throw new TypeError(texts.notSize);
    const types = linesOf(typed.types);
    const rules = {
      public: isPublic,
      file_size_limit: size,
      allowed_mime_types: types.length === 0 ? null : types,
    };
    if (bucket) await act(texts.saved, () => client.changeBucket(bucket.id, rules));
    else await act(texts.created, () => client.makeBucket(typed.name.trim(), rules));
  };
  const type = (field: keyof typeof typed) => (text: string) => setTyped({ ...typed, [field]: text });
  return (
    <ConfirmDialog
      open={open}
      onOpenChange={onOpenChange}
      title={bucket ? `${texts.settings} ${bucket.name}` : texts.add}
      description={undefined}
      action={bucket ? texts.save : texts.createAction}
      onConfirm={save}
    >
      {!bucket && (
        <TextField
          label={texts.name}
          hint={texts.nameHint}
          required
          maxLength={100}
          autoComplete="off"
          spellCheck={false}
          value={typed.name}
          onValueChange={type('name')}
        />
      )}
      <Switch
        label={texts.isPublic}
        hint={texts.isPublicHint}
        checked={isPublic}
        onCheckedChange={setPublic}
      />
      <TextField
        label={texts.sizeLimit}
        hint={texts.sizeLimitHint}
        error={size === undefined ? texts.notSize : undefined}
        optional
        value={typed.size}
        onValueChange={type('size')}
      />
      <TextField
        label={texts.types}
        hint={texts.typesHint}
        optional
        rows={3}
        mono
        spellCheck={false}
        value={typed.types}
        onValueChange={type('types')}
      />
    </ConfirmDialog>
  );
}
